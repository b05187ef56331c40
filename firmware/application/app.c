#include "app.h"

#include <stdatomic.h>
#include <string.h>

#include "nn_network_ticks.h"

/* States of a label. */
enum { ARMED = 1, DECIDED_LATELY = 2 };

/* Counts of samples that went in and out of the ring, modulo 2^32. The producer, which may be an interrupt, writes
 * `in`, `in_origin` and the break; the consumer writes the others and takes the break back. A position is a count and
 * an origin. */
static volatile uint32_t in, out;
static uint32_t in_origin, out_origin;

/* A gap in the ring: what comes from `break_at` on has another origin. */
static volatile bool break_pending;
static uint32_t break_at, break_origin;

/* The row that comes next, and how many there are. */
static uint32_t next_row, filled_rows;

/* The position of the decision that started the second network, of the last hop, and whether it is to run on that. */
static uint32_t woken_at, hop_position;
static bool awake, second_due;

/* Where the resampler is: zeros before the first sample that its next output takes, and which of its filters is next;
 * outputs that wait for a window, and where the first of them is; what they took since the last hop. */
static uint32_t zeros, phase, resampled, resampled_at, resampling_ticks;
static uint32_t high_water;
static struct app_note notes[APP_NOTES];
static volatile uint32_t notes_in, notes_out;
static uint32_t lost_notes;

/* Between memory and a count or flag that hands it over to whoever interrupts, or was interrupted: compilers may move
 * neither past the other. One core has no more to do. */
static void settle(void) {
    atomic_signal_fence(memory_order_seq_cst);
}

static uint32_t room(void) {
    return app_config.capacity - (in - out);
}

static void note(uint8_t fault, uint32_t position, uint32_t samples) {
    if (notes_in - notes_out == APP_NOTES) {
        ++lost_notes;
        return;
    }
    struct app_note *next = &notes[notes_in % APP_NOTES];
    next->fault = fault;
    next->position = position;
    next->samples = samples;
    settle();
    ++notes_in;
}

int app_take_note(struct app_note *taken) {
    if (notes_in == notes_out) {
        return 0;
    }
    *taken = notes[notes_out % APP_NOTES];
    settle();
    ++notes_out;
    return 1;
}

void app_get_status(struct app_status *status) {
    status->next = in_origin + in;
    status->waiting = in - out;
    status->high_water = high_water;
    status->lost_notes = lost_notes;
}

static void begin_stage(const struct app_stage *stage) {
    memset(stage->counts, 0, sizeof *stage->counts);
    memset(stage->sums, 0, stage->labels * sizeof *stage->sums);
    for (uint16_t label = 0; label < stage->labels; ++label) {
        stage->states[label] |= ARMED;
    }
}

/* Windows, rows and sums from the beginning. */
static void begin_anew(void) {
    next_row = filled_rows = 0;
    phase = resampled = resampled_at = resampling_ticks = 0;
    zeros = app_config.resampler == NULL ? 0 : app_config.resampler->taps / 2 - 1;
    begin_stage(app_config.first);
    if (app_config.second != NULL) {
        begin_stage(app_config.second);
    }
}

static int reset_stage(const struct app_stage *stage) {
    memset(stage->states, 0, stage->labels);
    return stage->network->init();
}

static volatile int listening;
static uint32_t sensed;

void app_listen(int on) {
    listening = on;
}

void app_sensed(uint32_t missing, const void *samples, uint32_t count) {
    if (listening) {
        app_push(sensed + missing, samples, count, 1);
        sensed += missing + count;
    }
}

int app_reset(void) {
    sensed = 0;
    in = out = in_origin = out_origin = 0;
    break_pending = false;
    high_water = lost_notes = notes_in = notes_out = 0;
    awake = second_due = false;
    int error = app_config.front_end == NULL ? 0 : app_config.front_end->init();
    if (error == 0) {
        error = reset_stage(app_config.first);
    }
    if (error == 0 && app_config.second != NULL) {
        error = reset_stage(app_config.second);
    }
    begin_anew();
    return error;
}

/* --- Samples in ---------------------------------------------------------------------------------------------------
 */

static uint8_t *slot(uint32_t count) {
    return app_config.ring + (size_t)(count % app_config.capacity) * app_config.sample_bytes;
}

/* Puts samples, or zeros for NULL, into the ring, which has room for them. */
static void put(const uint8_t *samples, uint32_t count) {
    const uint32_t until_end = app_config.capacity - in % app_config.capacity;
    const uint32_t first = count < until_end ? count : until_end;
    const size_t first_bytes = (size_t)first * app_config.sample_bytes;
    const size_t rest_bytes = (size_t)(count - first) * app_config.sample_bytes;

    if (samples == NULL) {
        memset(slot(in), 0, first_bytes);
        memset(app_config.ring, 0, rest_bytes);
    } else {
        memcpy(slot(in), samples, first_bytes);
        memcpy(app_config.ring, samples + first_bytes, rest_bytes);
    }
    settle();
    in += count;
    if (in - out > high_water) {
        high_water = in - out;
    }
}

/* Accounts for samples that did not come; false if there is no room for that and for one sample behind them. */
static bool bridge(uint32_t missing) {
    if (missing <= app_config.fill) {
        if (missing >= room()) {
            return false;
        }
        note(APP_FILLED, in_origin + in, missing);
        put(NULL, missing);
        return true;
    }
    if (break_pending || room() == 0) {
        return false;
    }
    note(APP_GAP, in_origin + in, missing);
    in_origin += missing;
    break_at = in;
    break_origin = in_origin;
    settle();
    break_pending = true;
    return true;
}

uint32_t app_push(uint32_t position, const void *samples, uint32_t count, int lossy) {
    const int32_t ahead = (int32_t)(position - (in_origin + in));
    uint32_t skipped = 0;

    if (ahead < 0) {
        const uint32_t behind = 0U - (uint32_t)ahead;
        skipped = behind < count ? behind : count;
        note(APP_LATE, position, skipped);
    }
    const uint32_t wanted = count - skipped;
    const bool bridged = wanted > 0 && (ahead <= 0 || bridge((uint32_t)ahead));
    const uint32_t taken = !bridged ? 0 : wanted < room() ? wanted : room();
    put((const uint8_t *)samples + (size_t)skipped * app_config.sample_bytes, taken);
    if (lossy && taken < wanted) {
        note(APP_OVERRUN, position + skipped + taken, wanted - taken);
    }
    return skipped + taken;
}

int app_push_part(uint32_t position, uint32_t offset, const void *bytes, uint32_t count) {
    if (position != in_origin + in || room() == 0 || offset > app_config.sample_bytes ||
        count > app_config.sample_bytes - offset) {
        return 0;
    }
    if (count > 0) {
        memcpy(slot(in) + offset, bytes, count);
    }
    if (offset + count == app_config.sample_bytes) {
        settle();
        ++in;
        if (in - out > high_water) {
            high_water = in - out;
        }
    }
    return 1;
}

void *app_next_sample(void) {
    return slot(in);
}

/* --- Samples out --------------------------------------------------------------------------------------------------
 */

/* Samples before a gap, or all that wait. */
static uint32_t connected(void) {
    return (break_pending ? break_at : in) - out;
}

/* Samples out of a buffer of `capacity` samples, which goes on at its beginning. */
static void copy_round(uint8_t *samples, const uint8_t *buffer, uint32_t capacity, uint32_t begin, uint32_t count) {
    const uint32_t first = count < capacity - begin ? count : capacity - begin;
    const size_t first_bytes = (size_t)first * app_config.sample_bytes;

    memcpy(samples, buffer + (size_t)begin * app_config.sample_bytes, first_bytes);
    memcpy(samples + first_bytes, buffer, (size_t)(count - first) * app_config.sample_bytes);
}

static void copy_out(uint8_t *samples, uint32_t count) {
    copy_round(samples, app_config.ring, app_config.capacity, out % app_config.capacity, count);
}

/* Goes on behind the gap. */
static void cross_break(void) {
    out = break_at;
    out_origin = break_origin;
    settle();
    break_pending = false;
}

uint32_t app_drain(uint32_t *position, void *samples, uint32_t count) {
    if (break_pending && connected() == 0) {
        cross_break();
    }
    const uint32_t taken = connected() < count ? connected() : count;
    *position = out_origin + out;
    copy_out(samples, taken);
    settle();
    out += taken;
    return taken;
}

/* --- Windows ------------------------------------------------------------------------------------------------------
 */

/* The resampler's next output, and on to the one behind it; false if not all of its samples have come. */
static bool resample_one(void) {
    const struct app_resampler *resampler = app_config.resampler;
    const uint32_t inputs = resampler->taps - zeros;

    if (connected() < inputs) {
        return false;
    }
    const uint32_t until_end = app_config.capacity - out % app_config.capacity;
    const uint32_t place = (resampled_at + resampled) % app_config.window;
    app_resample(resampler, phase, app_config.sample_bytes / (uint32_t)sizeof(int16_t), zeros, slot(out),
                 inputs < until_end ? inputs : until_end, app_config.ring,
                 app_config.resampled + (size_t)place * app_config.sample_bytes);
    ++resampled;
    phase += resampler->down;
    const uint32_t ahead = phase / resampler->up;
    phase %= resampler->up;
    const uint32_t fewer = ahead < zeros ? ahead : zeros;
    zeros -= fewer;
    settle();
    out += ahead - fewer;
    return true;
}

/* Whether there is a window: as many samples, or as many outputs of the resampler, as the front end takes. */
static bool has_window(void) {
    if (app_config.resampler == NULL) {
        return connected() >= app_config.window;
    }
    /* The first window's are made while it fills: to a hop belong as many outputs as it drops. */
    while (resampled < app_config.window - app_config.hop && resample_one()) {
    }
    const uint32_t begin = nn_network_ticks();
    while (resampled < app_config.window && resample_one()) {
    }
    resampling_ticks += nn_network_ticks() - begin;
    return resampled == app_config.window;
}

/* The first sample behind the window; of the resampler's outputs, the sample at the place of the first one behind. */
static uint32_t behind_window(void) {
    return app_config.resampler == NULL ? out_origin + out + app_config.window
                                        : out_origin + out - zeros + app_config.resampler->taps / 2 - 1;
}

static void copy_window(uint8_t *samples) {
    if (app_config.resampler == NULL) {
        copy_out(samples, app_config.window);
    } else {
        copy_round(samples, app_config.resampled, app_config.window, resampled_at, app_config.window);
    }
}

/* A hop's samples are done with. */
static void drop_hop(void) {
    if (app_config.resampler == NULL) {
        settle();
        out += app_config.hop;
    } else {
        resampled -= app_config.hop;
        resampled_at = (resampled_at + app_config.hop) % app_config.window;
    }
}

/* --- Decisions ----------------------------------------------------------------------------------------------------
 */

static int16_t score_of(const struct model_tensor *output, uint16_t label) {
    switch (output->dtype) {
    case MODEL_INT16:
        return ((const int16_t *)output->data)[label];
    case MODEL_UINT8:
        return ((const uint8_t *)output->data)[label];
    default:
        return ((const int8_t *)output->data)[label];
    }
}

/* Adds the newest scores to the sums, and takes the oldest ones out; whether there are enough for a decision. */
static bool add_scores(const struct app_stage *stage, const struct model_tensor *output) {
    uint32_t *runs = &stage->counts->runs;
    int16_t *newest = stage->scores + (size_t)(*runs % stage->average) * stage->labels;

    for (uint16_t label = 0; label < stage->labels; ++label) {
        const int16_t oldest = *runs < stage->average ? 0 : newest[label];
        newest[label] = score_of(output, label);
        stage->sums[label] += newest[label] - oldest;
    }
    ++*runs;
    if (*runs == 2 * stage->average) { /* counts on without end */
        *runs = stage->average;
    }
    return *runs >= stage->average;
}

/* Once in every hop, so that no difference of positions ever passes 2^32. */
static void forget_old_decisions(const struct app_stage *stage, uint32_t position) {
    for (uint16_t label = 0; label < stage->labels; ++label) {
        if (position - stage->decided_at[label] >= stage->repeat) {
            stage->states[label] &= (uint8_t)~DECIDED_LATELY;
        }
    }
}

static void decide(const struct app_stage *stage, struct app_result *result) {
    uint16_t best = 0;

    for (uint16_t label = 0; label < stage->labels; ++label) {
        if (stage->sums[label] < stage->off[label]) {
            stage->states[label] |= ARMED;
        }
        if (stage->sums[label] > stage->sums[best]) {
            best = label;
        }
    }
    if (stage->on[best] == INT32_MAX || stage->sums[best] < stage->on[best] || stage->states[best] != ARMED) {
        return;
    }
    stage->states[best] = DECIDED_LATELY;
    stage->decided_at[best] = result->position;
    result->flags |= APP_DECIDED;
    result->label = (uint16_t)(stage->first_label + best);
    result->sum = stage->sums[best];
}

/* --- Hops ---------------------------------------------------------------------------------------------------------
 */

/* The window's samples through the front end, to the next row of the ring of rows. */
static int compute_row(struct app_result *result) {
    uint8_t *row = app_config.features + (size_t)next_row * app_config.row_bytes;
    struct model_tensor tensor;

    result->features = row;
    if (app_config.front_end == NULL) {
        copy_window(row);
        return 0;
    }
    app_config.front_end->input(0, &tensor);
    copy_window(tensor.data);
    const uint32_t begin = nn_network_ticks();
    const int error = app_config.front_end->invoke();
    result->front_end_ticks += nn_network_ticks() - begin;
    app_config.front_end->output(0, &tensor);
    memcpy(row, tensor.data, app_config.row_bytes);
    return error;
}

/* Whether a network runs on the rows that there are. */
static bool is_due(const struct app_stage *stage) {
    if (filled_rows < stage->rows) {
        return false;
    }
    if (stage->counts->until_run > 0) {
        --stage->counts->until_run;
        return false;
    }
    stage->counts->until_run = stage->every - 1;
    return true;
}

/* The newest rows that a network takes, the oldest of them first. */
static void copy_rows(const struct app_stage *stage, void *input) {
    const uint32_t first = (next_row + app_config.rows - stage->rows) % app_config.rows;
    const uint32_t until_end = app_config.rows - first;
    const uint32_t count = stage->rows < until_end ? stage->rows : until_end;
    const size_t bytes = (size_t)count * app_config.row_bytes;

    memcpy(input, app_config.features + (size_t)first * app_config.row_bytes, bytes);
    memcpy((uint8_t *)input + bytes, app_config.features, (size_t)(stage->rows - count) * app_config.row_bytes);
}

static int run_stage(const struct app_stage *stage, struct app_result *result) {
    struct model_tensor tensor;

    stage->network->input(0, &tensor);
    copy_rows(stage, tensor.data);
    const uint32_t begin = nn_network_ticks();
    const int error = stage->network->invoke();
    result->network_ticks = nn_network_ticks() - begin;
    stage->network->output(0, &tensor);
    result->scores = tensor.data;
    result->score_bytes = tensor.bytes;
    result->flags |= APP_SCORED;
    if (error == 0 && add_scores(stage, &tensor)) {
        decide(stage, result);
    }
    return error;
}

/* What a hop means for the second network: a decision may start it, time may end it, it may be due. */
static void look_at_second(const struct app_result *result) {
    if ((result->flags & APP_DECIDED) && app_config.wakes[result->label]) {
        awake = true;
        woken_at = result->position;
        begin_stage(app_config.second);
    }
    const uint32_t since = result->position - woken_at;
    awake = awake && since < app_config.wait + app_config.span;
    second_due = awake && since >= app_config.wait && is_due(app_config.second);
    hop_position = result->position;
}

/* The run that the hop before made due, on its rows, which are still the newest. */
static int step_second(struct app_result *result) {
    second_due = false;
    result->flags |= APP_SECOND;
    result->position = hop_position;
    return run_stage(app_config.second, result);
}

int app_step(struct app_result *result) {
    memset(result, 0, sizeof *result);
    if (second_due) {
        return step_second(result);
    }
    bool ready = has_window();
    if (break_pending && !ready) {
        cross_break();
        begin_anew();
        result->flags |= APP_RESTARTED;
        ready = has_window();
    }
    if (!ready) {
        return 0;
    }
    result->flags |= APP_HOP;
    result->position = behind_window();
    result->front_end_ticks = resampling_ticks;
    resampling_ticks = 0;
    int error = compute_row(result);
    drop_hop();
    next_row = (next_row + 1) % app_config.rows;
    if (filled_rows < app_config.rows) {
        ++filled_rows;
    }
    forget_old_decisions(app_config.first, result->position);
    if (error == 0 && is_due(app_config.first)) {
        error = run_stage(app_config.first, result);
    }
    if (error == 0 && app_config.second != NULL) {
        forget_old_decisions(app_config.second, result->position);
        look_at_second(result);
    }
    return error;
}
