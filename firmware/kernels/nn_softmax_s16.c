#include "nn_fixed.h"
#include "nn_softmax.h"

/* Between two entries of a table that covers all int16 in 512 steps, on a straight line. */
static int32_t between(const int16_t *table, int32_t x) {
    const int16_t *entry = table + 256 + (x >> 7);
    return entry[0] + (((entry[1] - entry[0]) * (x & 127) + 64) >> 7);
}

/* exp of the difference to the row's largest, 15 fractional bits. */
static int32_t exponential(const struct nn_softmax_s16 *op, int32_t difference) {
    const int32_t scaled = nn_requantize(difference, op->multiplier, op->shift);
    return between(op->exponential, nn_clamp(scaled + INT16_MAX, INT16_MIN, INT16_MAX));
}

static void softmax_row(const struct nn_softmax_s16 *op, const int16_t *input, int16_t *output) {
    int32_t max = INT16_MIN;
    for (int32_t i = 0; i < op->depth; ++i) {
        max = input[i] > max ? input[i] : max;
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < op->depth; ++i) {
        const int32_t e = exponential(op, input[i] - max);
        output[i] = (int16_t)e;
        sum += e;
    }
    /* The sum is (1 + x) * 2^n; x in [0, 1] becomes the whole range of an int16. */
    const int32_t zeros = nn_leading_zeros((uint32_t)sum);
    const int32_t normalized = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
    const int32_t x = nn_clamp(normalized - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX);
    const int32_t reciprocal = between(op->reciprocal, x);
    const int32_t right = 31 - zeros;
    for (int32_t i = 0; i < op->depth; ++i) {
        const int32_t y = (output[i] * reciprocal + (1 << (right - 1))) >> right;
        output[i] = (int16_t)nn_clamp(y, 0, INT16_MAX);
    }
}

void nn_softmax_s16(const struct nn_softmax_s16 *op, const int16_t *input, int16_t *output) {
    for (int32_t row = 0; row < op->rows; ++row) {
        softmax_row(op, input, output);
        input += op->depth;
        output += op->depth;
    }
}
