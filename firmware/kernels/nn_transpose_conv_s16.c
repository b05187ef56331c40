#include "nn_output_s16.h"
#include "nn_transpose_conv.h"
#include "nn_transpose_conv_loop.h"

static inline int64_t value_of(const struct nn_transpose_conv_s16 *op, int16_t x) {
    (void)op;
    return x;
}

static int16_t output_of(const struct nn_transpose_conv_s16 *op, int64_t sum, int32_t channel) {
    return nn_output_s16(op->bias ? sum + op->bias[channel] : sum, &op->requant, channel);
}

NN_TRANSPOSE_CONV_KERNEL(nn_transpose_conv_s16, nn_transpose_conv_s16, int16_t, int8_t, int64_t, value_of, output_of)
