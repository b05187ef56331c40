#include "nn_binary.h"
#include "nn_broadcast.h"
#include "nn_requant.h"

static int8_t mul(const struct nn_mul_quantized *op, int32_t a, int32_t b) {
    const int32_t product = (a - op->zero_point1) * (b - op->zero_point2);
    const int32_t scaled = nn_requantize(product, op->output_multiplier, op->output_shift);
    return (int8_t)nn_clamp(scaled + op->output_zero_point, op->activation_min, op->activation_max);
}

NN_BROADCAST_KERNEL(nn_mul_s8, nn_mul_quantized, int8_t, int8_t, int8_t, mul)
