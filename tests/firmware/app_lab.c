/* An application whose sizes a test chooses, around two networks that are a few lines of arithmetic. Its configuration
 * is linked under the name app_config, which firmware/application only reads. */
#include <string.h>

#include "app.h"
#include "board.h"

enum { LARGEST = 4096, MOST_LABELS = 8, MOST_COEFFICIENTS = 1 << 14 };

struct app_config writable_config;

static uint8_t ring[LARGEST], resampled[LARGEST], features[LARGEST];
static int16_t coefficients[MOST_COEFFICIENTS];
static struct app_resampler resampler;
static uint8_t window[LARGEST], row[LARGEST], wakes[MOST_LABELS];
static uint32_t heard; /* what the front end remembers */

/* A stage's memory; its network's input and output are those of the other one, as in a shared arena. */
static struct lab_stage {
    struct app_stage stage;
    struct app_counts counts;
    uint8_t states[MOST_LABELS];
    int16_t scores[LARGEST];
    int32_t sums[MOST_LABELS], on[MOST_LABELS], off[MOST_LABELS];
    uint32_t decided_at[MOST_LABELS];
} stages[2];
static uint8_t rows[LARGEST];
static int8_t given[MOST_LABELS];

/* What a sensor's interrupt does whenever the clock is read; NULL for nothing. */
static void (*interrupt)(void);

void lab_interrupt(void (*function)(void)) {
    interrupt = function;
}

uint32_t board_ticks(void) {
    if (interrupt != NULL) {
        interrupt();
    }
    return 0;
}

static int front_init(void) {
    heard = 0;
    return 0;
}

static int front_invoke(void) {
    const uint32_t bytes = writable_config.window * writable_config.sample_bytes;
    for (uint32_t i = 0; i < writable_config.row_bytes; ++i) {
        uint32_t sum = heard;
        for (uint32_t j = 0; j < bytes; ++j) {
            sum += window[j] * (j + i + 1);
        }
        row[i] = (uint8_t)sum;
    }
    ++heard;
    return 0;
}

static int describe(struct model_tensor *tensor, void *data, uint32_t bytes, uint8_t dtype) {
    memset(tensor, 0, sizeof *tensor);
    tensor->data = data;
    tensor->bytes = bytes;
    tensor->dtype = dtype;
    return 0;
}

static int front_input(uint16_t position, struct model_tensor *tensor) {
    (void)position;
    return describe(tensor, window, writable_config.window * writable_config.sample_bytes, MODEL_UINT8);
}

static int front_output(uint16_t position, struct model_tensor *tensor) {
    (void)position;
    return describe(tensor, row, writable_config.row_bytes, MODEL_UINT8);
}

static int network_init(void) {
    return 0;
}

/* Scores of a stage; the second one's depend on how often it ran, too. */
static int compute(const struct app_stage *stage, uint32_t more) {
    for (uint32_t label = 0; label < stage->labels; ++label) {
        uint32_t sum = more;
        for (uint32_t j = 0; j < stage->rows * writable_config.row_bytes; ++j) {
            sum += rows[j] * ((j + 1) * (label + 3) % 7);
        }
        given[label] = (int8_t)(sum % 251 - 125);
    }
    return 0;
}

static int tensor_of_rows(const struct app_stage *stage, struct model_tensor *tensor) {
    return describe(tensor, rows, stage->rows * writable_config.row_bytes, MODEL_UINT8);
}

static int network_invoke(void) {
    return compute(&stages[0].stage, 0);
}

static int network_input(uint16_t position, struct model_tensor *tensor) {
    (void)position;
    return tensor_of_rows(&stages[0].stage, tensor);
}

static int network_output(uint16_t position, struct model_tensor *tensor) {
    (void)position;
    return describe(tensor, given, stages[0].stage.labels, MODEL_INT8);
}

static uint32_t second_ran; /* what the second network remembers */

static int second_init(void) {
    second_ran = 0;
    return 0;
}

static int second_invoke(void) {
    return compute(&stages[1].stage, 11 * second_ran++);
}

static int second_input(uint16_t position, struct model_tensor *tensor) {
    (void)position;
    return tensor_of_rows(&stages[1].stage, tensor);
}

static int second_output(uint16_t position, struct model_tensor *tensor) {
    (void)position;
    return describe(tensor, given, stages[1].stage.labels, MODEL_INT8);
}

static const struct app_network front = {front_init, front_invoke, front_input, front_output};
static const struct app_network networks[2] = {
    {network_init, network_invoke, network_input, network_output},
    {second_init, second_invoke, second_input, second_output},
};

/* filter: up, down, taps; NULL for none. */
static void configure_resampler(const uint32_t *filter, const int16_t *new_coefficients) {
    writable_config.resampler = filter == NULL ? NULL : &resampler;
    writable_config.resampled = filter == NULL ? NULL : resampled;
    if (filter != NULL) {
        memcpy(coefficients, new_coefficients, (size_t)filter[0] * filter[2] * sizeof *coefficients);
        resampler = (struct app_resampler){filter[0], filter[1], filter[2], coefficients};
    }
}

/* sizes: rows, every, average, repeat, labels. */
static const struct app_stage *configure(int which, const uint32_t *sizes, const int32_t *on, const int32_t *off) {
    struct lab_stage *lab = &stages[which];
    struct app_stage *stage = &lab->stage;
    stage->network = &networks[which];
    stage->rows = sizes[0];
    stage->every = sizes[1];
    stage->average = sizes[2];
    stage->repeat = sizes[3];
    stage->labels = (uint16_t)sizes[4];
    stage->first_label = which == 0 ? 0 : stages[0].stage.labels;
    memcpy(lab->on, on, sizes[4] * sizeof *on);
    memcpy(lab->off, off, sizes[4] * sizeof *off);
    stage->on = lab->on;
    stage->off = lab->off;
    stage->scores = lab->scores;
    stage->sums = lab->sums;
    stage->decided_at = lab->decided_at;
    stage->states = lab->states;
    stage->counts = &lab->counts;
    return stage;
}

/* sizes: sample_bytes, window, hop, capacity, fill, row_bytes, rows; then those of the first stage. */
int lab_configure(const uint32_t *sizes, const int32_t *on, const int32_t *off, int with_front_end,
                  const uint32_t *filter, const int16_t *new_coefficients) {
    struct app_config *config = &writable_config;
    config->name = config->version = config->sensor = "";
    config->rate = 1;
    config->sample_bytes = sizes[0];
    config->window = sizes[1];
    config->hop = sizes[2];
    config->capacity = sizes[3];
    config->fill = sizes[4];
    config->row_bytes = sizes[5];
    config->rows = sizes[6];
    config->front_end = with_front_end ? &front : NULL;
    config->first = configure(0, sizes + 7, on, off);
    config->second = NULL;
    config->ring = ring;
    config->features = features;
    configure_resampler(filter, new_coefficients);
    return app_reset();
}

/* sizes: wait, span; then those of the second stage. */
int lab_configure_second(const uint32_t *sizes, const int32_t *on, const int32_t *off, const uint8_t *wakes_it) {
    writable_config.wait = sizes[0];
    writable_config.span = sizes[1];
    memcpy(wakes, wakes_it, stages[0].stage.labels);
    writable_config.wakes = wakes;
    writable_config.second = configure(1, sizes + 2, on, off);
    return app_reset();
}
