#include "nn_reduce_loop.h"
#include "nn_requant.h"

static int32_t add(int32_t sum, int32_t x) {
    return sum + x;
}

static int8_t rescale(const struct nn_sum_quantized *op, int32_t sum) {
    const int32_t scaled = nn_requantize(sum + op->sum_offset, op->multiplier, op->shift);
    return (int8_t)nn_clamp(scaled + op->output_zero_point, INT8_MIN, INT8_MAX);
}

NN_REDUCE_KERNEL(nn_sum_s8, nn_sum_quantized, int8_t, int32_t, 0, add, rescale)
