#include "nn_f32.h"

#include "nn_normalize.h"

void nn_l2_normalization_f32(const struct nn_l2_normalization *op, const float *input, float *output) {
    const float least = 1e-6F;
    for (int32_t row = 0; row < op->rows; ++row) {
        float sum = 0.0F;
        for (int32_t i = 0; i < op->depth; ++i) {
            sum += input[i] * input[i];
        }
        const float root = nn_sqrt_f32_of(sum);
        const float norm = root < least ? least : root;
        for (int32_t i = 0; i < op->depth; ++i) {
            output[i] = input[i] / norm;
        }
        input += op->depth;
        output += op->depth;
    }
}
