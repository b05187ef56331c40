#include "nn_requant.h"
#include "nn_svdf.h"

/* What a filter makes of the newest input, before the state's zero point; `weights` are that filter's. */
static int32_t feature(const struct nn_svdf_s8 *op, const int8_t *input, const int8_t *weights, int32_t low,
                       int32_t high) {
    int32_t acc = 0;
    for (int32_t i = 0; i < op->input_size; ++i) {
        acc += weights[i] * (input[i] - op->input_zero_point);
    }
    return nn_clamp(nn_requantize(acc, op->feature_multiplier, op->feature_shift), low, high);
}

static int8_t rescale(const struct nn_svdf_s8 *op, uint32_t sum, int32_t unit) {
    const uint32_t bias = op->bias ? (uint32_t)op->bias[unit] : 0;
    const int32_t scaled = nn_requantize((int32_t)(sum + bias), op->time_multiplier, op->time_shift);
    return (int8_t)nn_clamp(scaled + op->output_zero_point, INT8_MIN, INT8_MAX);
}

void nn_svdf_s8(const struct nn_svdf_s8 *op, const int8_t *input, int8_t *state, int8_t *output) {
    const int32_t last = op->memory - 1;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        const int8_t *weights = op->feature_weights;
        const int8_t *time = op->time_weights;
        for (int32_t unit = 0; unit < op->units; ++unit) {
            uint32_t sum = 0;
            for (int32_t r = 0; r < op->rank; ++r) {
                for (int32_t i = 0; i < last; ++i) {
                    state[i] = state[i + 1];
                    sum += (uint32_t)(time[i] * (state[i] - op->state_zero_point));
                }
                state[last] = (int8_t)(feature(op, input, weights, INT8_MIN, INT8_MAX) + op->state_zero_point);
                sum += (uint32_t)(time[last] * (state[last] - op->state_zero_point));
                weights += op->input_size;
                time += op->memory;
                state += op->memory;
            }
            *output++ = rescale(op, sum, unit);
        }
        input += op->input_size;
    }
}

void nn_svdf_s8_s16(const struct nn_svdf_s8 *op, const int8_t *input, int16_t *state, int8_t *output) {
    const int32_t last = op->memory - 1;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        const int8_t *weights = op->feature_weights;
        const int16_t *time = op->time_weights;
        for (int32_t unit = 0; unit < op->units; ++unit) {
            uint32_t sum = 0;
            for (int32_t r = 0; r < op->rank; ++r) {
                for (int32_t i = 0; i < last; ++i) {
                    state[i] = state[i + 1];
                    sum += (uint32_t)(time[i] * (state[i] - op->state_zero_point));
                }
                state[last] = (int16_t)(feature(op, input, weights, INT16_MIN, INT16_MAX) + op->state_zero_point);
                sum += (uint32_t)(time[last] * (state[last] - op->state_zero_point));
                weights += op->input_size;
                time += op->memory;
                state += op->memory;
            }
            *output++ = rescale(op, sum, unit);
        }
        input += op->input_size;
    }
}
