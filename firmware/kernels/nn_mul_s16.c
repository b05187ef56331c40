#include "nn_binary.h"
#include "nn_broadcast.h"
#include "nn_requant.h"

static int16_t mul(const struct nn_mul_quantized *op, int32_t a, int32_t b) {
    const int32_t scaled = nn_requantize(a * b, op->output_multiplier, op->output_shift);
    return (int16_t)nn_clamp(scaled, op->activation_min, op->activation_max);
}

NN_BROADCAST_KERNEL(nn_mul_s16, nn_mul_quantized, int16_t, int16_t, int16_t, mul)
