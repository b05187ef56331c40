#include "nn_f32.h"

#include "nn_transpose_conv.h"
#include "nn_transpose_conv_loop.h"

static inline float value_of(const struct nn_transpose_conv_f32 *op, float x) {
    (void)op;
    return x;
}

static float output_of(const struct nn_transpose_conv_f32 *op, float sum, int32_t channel) {
    return nn_clamp_f32(op->bias ? sum + op->bias[channel] : sum, op->activation_min, op->activation_max);
}

NN_TRANSPOSE_CONV_KERNEL(nn_transpose_conv_f32, nn_transpose_conv_f32, float, float, float, value_of, output_of)
