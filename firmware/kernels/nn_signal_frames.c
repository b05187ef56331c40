#include <string.h>

#include "nn_requant.h"
#include "nn_signal.h"

static size_t bytes(int32_t count) {
    return (size_t)count * sizeof(int16_t);
}

/* One step of samples behind those that wait in a row; the frame that this completes, if any. Returns whether. */
static int next_frame(const struct nn_signal_framer *op, const int16_t *input, int16_t *row, int32_t waiting,
                      int16_t *output) {
    memcpy(row + waiting, input, bytes(op->step));
    if (waiting + op->step < op->size) {
        memset(output, 0, bytes(op->size));
        return 0;
    }
    memcpy(output, row, bytes(op->size));
    memmove(row, row + op->step, bytes(waiting));
    return 1;
}

void nn_signal_framer_s16(const struct nn_signal_framer *op, const int16_t *input, int32_t *waiting, int16_t *values,
                          int16_t *output, uint8_t *valid) {
    const int32_t before = *waiting + op->prefilled;
    int32_t after = before;
    *valid = 1;
    for (int32_t row = 0; row < op->rows; ++row) {
        after = before;
        for (int32_t frame = 0; frame < op->frames; ++frame) {
            if (!next_frame(op, input, values, after, output)) {
                after += op->step;
                *valid = 0;
            }
            input += op->step;
            output += op->size;
        }
        values += op->capacity;
    }
    *waiting = after - op->prefilled;
}

void nn_signal_overlap_add_s16(const struct nn_signal_overlap_add *op, const int16_t *input, int16_t *sums,
                               int16_t *output) {
    for (int32_t row = 0; row < op->rows; ++row) {
        for (int32_t frame = 0; frame < op->frames; ++frame) {
            for (int32_t i = 0; i < op->size; ++i) {
                sums[i] = (int16_t)nn_clamp((int32_t)sums[i] + input[i], INT16_MIN, INT16_MAX);
            }
            memcpy(output, sums, bytes(op->step));
            memmove(sums, sums + op->step, bytes(op->size - op->step));
            memset(sums + op->size - op->step, 0, bytes(op->step));
            input += op->size;
            output += op->step;
        }
        sums += op->size;
    }
}

void nn_signal_stacker_s16(const struct nn_signal_stacker *op, const int16_t *input, int32_t *state, int16_t *values,
                           int16_t *output, uint8_t *valid) {
    int32_t *waiting = &state[0];
    int32_t *started = &state[1];
    for (int32_t copies = *started ? 1 : 1 + op->left; copies > 0; --copies) {
        memcpy(values + *waiting, input, bytes(op->channels));
        *waiting += op->channels;
    }
    *started = 1;
    *valid = *waiting == op->size;
    if (*valid) {
        memcpy(output, values, bytes(op->size));
        *waiting -= op->step;
        memmove(values, values + op->step, bytes(*waiting));
    } else {
        memset(output, 0, bytes(op->size));
    }
}

void nn_signal_delay_s16(const struct nn_signal_delay *op, const int16_t *input, int16_t *kept, int16_t *output) {
    const int32_t old = op->delay < op->count ? op->delay : op->count;
    for (int32_t row = 0; row < op->rows; ++row) {
        memcpy(output, kept, bytes(old));
        memcpy(output + old, input, bytes(op->count - old));
        memmove(kept, kept + old, bytes(op->delay - old));
        memcpy(kept + op->delay - old, input + op->count - old, bytes(old));
        input += op->count;
        output += op->count;
        kept += op->delay;
    }
}
