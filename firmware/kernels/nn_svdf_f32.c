#include "nn_f32.h"

#include "nn_svdf.h"

static float dot(const float *a, const float *b, int32_t count) {
    float sum = 0.0F;
    for (int32_t i = 0; i < count; ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

void nn_svdf_f32(const struct nn_svdf_f32 *op, const float *input, float *state, float *output) {
    const int32_t last = op->memory - 1;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        const float *weights = op->feature_weights;
        const float *time = op->time_weights;
        for (int32_t unit = 0; unit < op->units; ++unit) {
            float sum = op->bias ? op->bias[unit] : 0.0F;
            for (int32_t r = 0; r < op->rank; ++r) {
                float filtered = 0.0F;
                for (int32_t i = 0; i < last; ++i) { /* as two loops, the first would become a call of memmove */
                    state[i] = state[i + 1];
                    filtered += time[i] * state[i];
                }
                state[last] = dot(weights, input, op->input_size);
                sum += filtered + time[last] * state[last];
                weights += op->input_size;
                time += op->memory;
                state += op->memory;
            }
            *output++ = op->clamped ? nn_clamp_f32(sum, op->activation_min, op->activation_max) : sum;
        }
        input += op->input_size;
    }
}
