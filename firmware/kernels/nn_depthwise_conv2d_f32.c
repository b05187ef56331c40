#include "nn_f32.h"

#include "nn_conv_f32.h"
#include "nn_conv_loop.h"

static float output_of(const struct nn_depthwise_conv2d_f32 *op, float sum, int32_t channel) {
    return nn_clamp_f32(sum + (op->bias ? op->bias[channel] : 0.0F), op->activation_min, op->activation_max);
}

NN_DEPTHWISE_CONV2D_KERNEL(nn_depthwise_conv2d_f32, nn_depthwise_conv2d_f32, float, float, float, output_of)
