#include "nn_requant.h"
#include "nn_transpose_conv.h"
#include "nn_transpose_conv_loop.h"

static inline int32_t value_of(const struct nn_transpose_conv_s8 *op, int8_t x) {
    return x - op->input_zero_point;
}

static int8_t output_of(const struct nn_transpose_conv_s8 *op, int32_t sum, int32_t channel) {
    return nn_output_s8(op->bias ? sum + op->bias[channel] : sum, &op->requant, channel, op->output_zero_point,
                        op->activation_min, op->activation_max);
}

NN_TRANSPOSE_CONV_KERNEL(nn_transpose_conv_s8, nn_transpose_conv_s8, int8_t, int8_t, int32_t, value_of, output_of)
