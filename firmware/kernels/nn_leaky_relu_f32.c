#include "nn_f32.h"

#include "nn_unary.h"

void nn_leaky_relu_f32(const struct nn_leaky_relu_f32 *op, const float *input, float *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        output[i] = input[i] > 0.0F ? input[i] : input[i] * op->alpha;
    }
}
