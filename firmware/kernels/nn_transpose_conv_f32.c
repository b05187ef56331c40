#include "nn_f32.h"

#include "nn_transpose_conv.h"

static inline float value_of(const struct nn_transpose_conv_f32 *op, float x) {
    (void)op;
    return x;
}

static float output_of(const struct nn_transpose_conv_f32 *op, float sum, int32_t channel) {
    return nn_clamp_f32(op->bias ? sum + op->bias[channel] : sum, op->activation_min, op->activation_max);
}

#define NN_KERNEL nn_transpose_conv_f32
#define NN_DATA float
#define NN_WEIGHT float
#define NN_SUM float
#include "nn_transpose_conv_body.h"
