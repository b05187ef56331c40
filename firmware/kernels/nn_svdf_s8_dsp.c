#include "nn_svdf_dsp.h"

#include "nn_dsp.h"
#include "nn_fully_connected_dsp.h"
#include "nn_requant.h"

/* a * b + sum, without the bits that do not fit. */
static inline int32_t add_product(int32_t a, int32_t b, int32_t sum) {
    return (int32_t)((uint32_t)sum + (uint32_t)(a * b));
}

/* One filter's memory of int8: the oldest number makes room for the newest. Returns the sum with all of it. */
static int32_t remember_s8(int8_t *state, const int8_t *time, int32_t memory, int32_t newest, int32_t sum) {
    const int32_t last = memory - 1;
    int32_t i = 0;
    for (; i + 4 <= last; i += 4) {
        const uint32_t moved = nn_load_word(state + i + 1);
        const uint32_t weights = nn_load_word(time + i);
        nn_store_word(state + i, moved);
        sum = nn_smlad(nn_sxtb16(moved), nn_sxtb16(weights), sum);
        sum = nn_smlad(nn_sxtb16_odd(moved), nn_sxtb16_odd(weights), sum);
    }
    for (; i < last; ++i) {
        state[i] = state[i + 1];
        sum = add_product(state[i], time[i], sum);
    }
    state[last] = (int8_t)newest;
    return add_product(state[last], time[last], sum);
}

/* The same of int16. */
static int32_t remember_s16(int16_t *state, const int16_t *time, int32_t memory, int32_t newest, int32_t sum) {
    const int32_t last = memory - 1;
    int32_t i = 0;
    for (; i + 2 <= last; i += 2) {
        const uint32_t moved = nn_load_word(state + i + 1);
        nn_store_word(state + i, moved);
        sum = nn_smlad(moved, nn_load_word(time + i), sum);
    }
    for (; i < last; ++i) {
        state[i] = state[i + 1];
        sum = add_product(state[i], time[i], sum);
    }
    state[last] = (int16_t)newest;
    return add_product(state[last], time[last], sum);
}

static int8_t output_of(const struct nn_svdf_s8_dsp *op, int32_t sum) {
    const int32_t scaled = nn_requantize(sum, op->time_multiplier, op->time_shift);
    return (int8_t)nn_clamp(scaled + op->output_zero_point, INT8_MIN, INT8_MAX);
}

/* Defines the kernel `name` for a state of `type`, whose values are from `low` to `high`. */
#define NN_SVDF_KERNEL(name, type, low, high, remember)                                                                \
    void name(const struct nn_svdf_s8_dsp *op, const int8_t *input, type *state, int8_t *output, void *scratch) {      \
        const int32_t filters = (op->units * op->rank + NN_DENSE_ROWS - 1) / NN_DENSE_ROWS * NN_DENSE_ROWS;            \
        uint32_t *operands = scratch;                                                                                  \
        int32_t *sums = (int32_t *)operands + (op->input_size + 3) / 4 * 2;                                            \
        for (int32_t batch = 0; batch < op->batches; ++batch, input += op->input_size) {                               \
            const int32_t *feature = sums;                                                                             \
            const type *time = op->time_weights;                                                                       \
            nn_dense_sums_s8_dsp(op->feature_stream, input, op->input_size, operands, sums, filters);                  \
            for (int32_t unit = 0; unit < op->units; ++unit) {                                                         \
                int32_t sum = op->bias[unit];                                                                          \
                for (int32_t r = 0; r < op->rank; ++r, time += op->memory, state += op->memory) {                      \
                    const int32_t scaled = nn_requantize(*feature++, op->feature_multiplier, op->feature_shift);       \
                    const int32_t newest = nn_clamp(scaled, low, high) + op->state_zero_point;                         \
                    sum = remember(state, time, op->memory, newest, sum);                                              \
                }                                                                                                      \
                *output++ = output_of(op, sum);                                                                        \
            }                                                                                                          \
        }                                                                                                              \
    }

NN_SVDF_KERNEL(nn_svdf_s8_dsp, int8_t, INT8_MIN, INT8_MAX, remember_s8)
NN_SVDF_KERNEL(nn_svdf_s8_s16_dsp, int16_t, INT16_MIN, INT16_MAX, remember_s16)
