#include "nn_neg_toy.h"

void nn_neg_f32_toy(const struct nn_unary *op, const float *input, float *output) {
    int32_t i = 0;
    for (; i + 1 < op->count; i += 2) {
        output[i] = -input[i];
        output[i + 1] = -input[i + 1];
    }
    if (i < op->count) {
        output[i] = -input[i];
    }
}
