#include "nn_requant.h"
#include "nn_svdf.h"

/* What a filter makes of the newest input, before the state's zero point. */
static int32_t feature(const struct nn_svdf_s8 *op, const int8_t *input, int32_t filter, int32_t low, int32_t high) {
    const int8_t *weights = op->feature_weights + (ptrdiff_t)filter * op->input_size;
    int32_t acc = op->feature_bias[filter];
    for (int32_t i = 0; i < op->input_size; ++i) {
        acc += weights[i] * input[i];
    }
    return nn_clamp(nn_requantize(acc, op->feature_multiplier, op->feature_shift), low, high);
}

static int8_t rescale(const struct nn_svdf_s8 *op, uint32_t sum, int32_t unit) {
    const uint32_t bias = op->bias ? (uint32_t)op->bias[unit] : 0;
    const int32_t scaled = nn_requantize((int32_t)(sum + bias), op->time_multiplier, op->time_shift);
    return (int8_t)nn_clamp(scaled + op->output_zero_point, INT8_MIN, INT8_MAX);
}

/* Defines the kernel `name` for a state of `type`, whose values are from `low` to `high`. */
#define NN_SVDF_KERNEL(name, type, low, high)                                                                          \
    void name(const struct nn_svdf_s8 *op, const int8_t *input, type *state, int8_t *output) {                         \
        const int32_t last = op->memory - 1;                                                                           \
        for (int32_t batch = 0; batch < op->batches; ++batch) {                                                        \
            const type *time = op->time_weights;                                                                       \
            for (int32_t unit = 0; unit < op->units; ++unit) {                                                         \
                uint32_t sum = 0;                                                                                      \
                for (int32_t r = 0; r < op->rank; ++r) {                                                               \
                    for (int32_t i = 0; i < last; ++i) {                                                               \
                        state[i] = state[i + 1];                                                                       \
                        sum += (uint32_t)(time[i] * (state[i] - op->state_zero_point));                                \
                    }                                                                                                  \
                    state[last] = (type)(feature(op, input, unit * op->rank + r, low, high) + op->state_zero_point);   \
                    sum += (uint32_t)(time[last] * (state[last] - op->state_zero_point));                              \
                    time += op->memory;                                                                                \
                    state += op->memory;                                                                               \
                }                                                                                                      \
                *output++ = rescale(op, sum, unit);                                                                    \
            }                                                                                                          \
            input += op->input_size;                                                                                   \
        }                                                                                                              \
    }

NN_SVDF_KERNEL(nn_svdf_s8, int8_t, INT8_MIN, INT8_MAX)
NN_SVDF_KERNEL(nn_svdf_s8_s16, int16_t, INT16_MIN, INT16_MAX)
