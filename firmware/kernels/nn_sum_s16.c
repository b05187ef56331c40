#include "nn_reduce_loop.h"
#include "nn_requant.h"

static int32_t add(int32_t sum, int32_t x) {
    return sum + x;
}

static int16_t rescale(const struct nn_sum_quantized *op, int32_t sum) {
    const int32_t scaled = nn_requantize(sum + op->sum_offset, op->multiplier, op->shift);
    return (int16_t)nn_clamp(scaled + op->output_zero_point, INT16_MIN, INT16_MAX);
}

NN_REDUCE_KERNEL(nn_sum_s16, nn_sum_quantized, int16_t, int32_t, 0, add, rescale)
