#include "nn_conv_loop.h"
#include "nn_output_s16.h"

static int16_t output_of(const struct nn_conv2d_s16 *op, int64_t sum, int32_t channel) {
    return nn_output_s16(op->bias ? sum + op->bias[channel] : sum, &op->requant, channel);
}

NN_CONV2D_KERNEL(nn_conv2d_s16, nn_conv2d_s16, int16_t, int8_t, int64_t, output_of)
