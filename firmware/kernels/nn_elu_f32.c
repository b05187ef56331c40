#include "nn_f32.h"

#include "nn_expm1.h"
#include "nn_unary.h"

void nn_elu_f32(const struct nn_unary *op, const float *input, float *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        const float x = input[i];
        output[i] = x < 0.0F ? nn_expm1_f32_of(x) : x;
    }
}
