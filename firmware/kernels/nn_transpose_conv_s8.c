#include "nn_requant.h"
#include "nn_transpose_conv.h"

static inline int32_t value_of(const struct nn_transpose_conv_s8 *op, int8_t x) {
    return x - op->input_zero_point;
}

static int8_t output_of(const struct nn_transpose_conv_s8 *op, int32_t sum, int32_t channel) {
    return nn_output_s8(op->bias ? sum + op->bias[channel] : sum, &op->requant, channel, op->output_zero_point,
                        op->activation_min, op->activation_max);
}

#define NN_KERNEL nn_transpose_conv_s8
#define NN_DATA int8_t
#define NN_WEIGHT int8_t
#define NN_SUM int32_t
#include "nn_transpose_conv_body.h"
