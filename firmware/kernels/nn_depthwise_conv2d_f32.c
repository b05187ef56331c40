#include "nn_f32.h"

#include "nn_conv_f32.h"

static float output_of(const struct nn_depthwise_conv2d_f32 *op, float sum, int32_t channel) {
    return nn_clamp_f32(sum + (op->bias ? op->bias[channel] : 0.0F), op->activation_min, op->activation_max);
}

#define NN_KERNEL nn_depthwise_conv2d_f32
#define NN_DATA float
#define NN_WEIGHT float
#define NN_SUM float
#include "nn_depthwise_conv2d_body.h"
