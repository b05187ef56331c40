#include "nn_requant.h"
#include "nn_unary.h"

static int32_t below_zero(const struct nn_two_lines_s16 *op, int32_t x) {
    const int32_t y = nn_requantize(x, op->negative_multiplier, op->negative_shift);
    return op->negate ? -y : y;
}

void nn_two_lines_s16(const struct nn_two_lines_s16 *op, const int16_t *input, int16_t *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        const int32_t x = op->mirror && input[i] < 0 ? -input[i] : input[i];
        const int32_t y = x < 0 ? below_zero(op, x) : nn_requantize(x, op->positive_multiplier, op->positive_shift);
        output[i] = (int16_t)nn_clamp(y, op->activation_min, op->activation_max);
    }
}
