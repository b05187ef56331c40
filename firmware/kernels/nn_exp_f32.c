#include "nn_exp.h"
#include "nn_unary.h"

void nn_exp_f32(const struct nn_unary *op, const float *input, float *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        output[i] = nn_exp_f32_of(input[i]);
    }
}
