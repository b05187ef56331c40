#include "nn_binary.h"
#include "nn_broadcast.h"
#include "nn_requant.h"

static int8_t prelu(const struct nn_prelu_quantized *op, int32_t a, int32_t b) {
    const int32_t x = a - op->zero_point1;
    const int32_t scaled = x >= 0
                               ? nn_requantize(x, op->positive_multiplier, op->positive_shift)
                               : nn_requantize(x * (b - op->zero_point2), op->negative_multiplier, op->negative_shift);
    return (int8_t)nn_clamp(scaled + op->output_zero_point, INT8_MIN, INT8_MAX);
}

NN_BROADCAST_KERNEL(nn_prelu_s8, nn_prelu_quantized, int8_t, int8_t, int8_t, prelu)
