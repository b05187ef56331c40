#include "nn_cumsum.h"
#include "nn_requant.h"

enum { SUM_BITS = 19 };

/* Every `step` elements, `count` of them. */
static void sum_line(const struct nn_cumsum_s8 *op, const int8_t *input, int8_t *output, ptrdiff_t step) {
    const uint32_t zero_point = (uint32_t)op->input_zero_point;
    uint32_t sum = (0U - zero_point) << SUM_BITS;
    for (int32_t i = 0; i < op->count; ++i) {
        const uint32_t before = sum;
        sum += ((uint32_t)*input - zero_point) << SUM_BITS;
        const int32_t taken = (int32_t)(op->exclusive ? before : sum);
        const int32_t scaled = nn_requantize(taken, op->multiplier, op->shift) + op->output_zero_point;
        *output = (int8_t)nn_clamp(scaled, INT8_MIN, INT8_MAX);
        input += step;
        output += step;
    }
}

void nn_cumsum_s8(const struct nn_cumsum_s8 *op, const int8_t *input, int8_t *output) {
    const ptrdiff_t last = (ptrdiff_t)(op->count - 1) * op->inner;
    for (int32_t i = 0; i < op->outer; ++i) {
        for (int32_t j = 0; j < op->inner; ++j) {
            const ptrdiff_t first = op->reverse ? j + last : j;
            sum_line(op, input + first, output + first, op->reverse ? -op->inner : op->inner);
        }
        input += last + op->inner;
        output += last + op->inner;
    }
}
