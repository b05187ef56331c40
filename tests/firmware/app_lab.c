/* An application whose sizes a test chooses, around two networks that are a few lines of arithmetic. Its configuration
 * is linked under the name app_config, which app.c reads only. */
#include <string.h>

#include "app.h"
#include "board.h"

enum { LARGEST = 4096, MOST_LABELS = 8, MOST_COEFFICIENTS = 1 << 14 };

struct app_config writable_config;

static uint8_t ring[LARGEST], resampled[LARGEST], features[LARGEST], states[MOST_LABELS];
static int16_t scores[LARGEST], coefficients[MOST_COEFFICIENTS];
static struct app_resampler resampler;
static int32_t sums[MOST_LABELS], on[MOST_LABELS], off[MOST_LABELS];
static uint32_t decided_at[MOST_LABELS];
static uint8_t window[LARGEST], row[LARGEST], rows[LARGEST];
static int8_t given[MOST_LABELS];
static uint32_t heard; /* what the front end remembers */

uint32_t board_ticks(void) {
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

static int network_invoke(void) {
    for (uint32_t label = 0; label < writable_config.labels; ++label) {
        uint32_t sum = 0;
        for (uint32_t j = 0; j < writable_config.rows * writable_config.row_bytes; ++j) {
            sum += rows[j] * ((j + 1) * (label + 3) % 7);
        }
        given[label] = (int8_t)(sum % 251 - 125);
    }
    return 0;
}

static int network_input(uint16_t position, struct model_tensor *tensor) {
    (void)position;
    return describe(tensor, rows, writable_config.rows * writable_config.row_bytes, MODEL_UINT8);
}

static int network_output(uint16_t position, struct model_tensor *tensor) {
    (void)position;
    return describe(tensor, given, writable_config.labels, MODEL_INT8);
}

static const struct app_network front = {front_init, front_invoke, front_input, front_output};
static const struct app_network network = {network_init, network_invoke, network_input, network_output};

/* filter: up, down, taps; NULL for none. */
static void configure_resampler(const uint32_t *filter, const int16_t *new_coefficients) {
    writable_config.resampler = filter == NULL ? NULL : &resampler;
    writable_config.resampled = filter == NULL ? NULL : resampled;
    if (filter != NULL) {
        memcpy(coefficients, new_coefficients, (size_t)filter[0] * filter[2] * sizeof *coefficients);
        resampler = (struct app_resampler){filter[0], filter[1], filter[2], coefficients};
    }
}

/* sizes: sample_bytes, window, hop, capacity, fill, row_bytes, rows, every, average, repeat, labels. */
int lab_configure(const uint32_t *sizes, const int32_t *new_on, const int32_t *new_off, int with_front_end,
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
    config->every = sizes[7];
    config->average = sizes[8];
    config->repeat = sizes[9];
    config->labels = (uint16_t)sizes[10];
    memcpy(on, new_on, sizes[10] * sizeof *on);
    memcpy(off, new_off, sizes[10] * sizeof *off);
    config->on = on;
    config->off = off;
    config->front_end = with_front_end ? &front : NULL;
    config->network = &network;
    config->ring = ring;
    config->features = features;
    config->scores = scores;
    config->sums = sums;
    config->decided_at = decided_at;
    config->states = states;
    configure_resampler(filter, new_coefficients);
    return app_reset();
}
