#include "nn_cumsum_loop.h"
#include "nn_requant.h"

enum { SUM_BITS = 19 };

static void sum_line(const struct nn_cumsum_s8 *op, const int8_t *input, int8_t *output, ptrdiff_t step) {
    const uint32_t zero_point = (uint32_t)op->input_zero_point;
    uint32_t sum = (0U - zero_point) << SUM_BITS;
    for (int32_t i = 0; i < op->shape.count; ++i) {
        const uint32_t before = sum;
        sum += ((uint32_t)input[i * step] - zero_point) << SUM_BITS;
        const int32_t taken = (int32_t)(op->shape.exclusive ? before : sum);
        const int32_t scaled = nn_requantize(taken, op->multiplier, op->shift) + op->output_zero_point;
        output[i * step] = (int8_t)nn_clamp(scaled, INT8_MIN, INT8_MAX);
    }
}

NN_CUMSUM_KERNEL(nn_cumsum_s8, int8_t, sum_line)
