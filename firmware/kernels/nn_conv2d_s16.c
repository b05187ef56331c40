#include "nn_output_s16.h"

static int16_t output_of(const struct nn_conv2d_s16 *op, int64_t sum, int32_t channel) {
    return nn_output_s16(op->bias ? sum + op->bias[channel] : sum, &op->requant, channel);
}

#define NN_KERNEL nn_conv2d_s16
#define NN_DATA int16_t
#define NN_WEIGHT int8_t
#define NN_SUM int64_t
#include "nn_conv2d_body.h"
