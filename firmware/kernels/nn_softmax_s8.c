#include "nn_fixed.h"
#include "nn_softmax.h"

/* The sum of exponentials has this many integer bits (it is at most `depth`). */
enum { SUM_INTEGER_BITS = 12 };

/* What all exponentials of a row are multiplied with: scale * 2^-exponent. */
struct row_scale {
    int32_t max, scale, exponent;
};

static struct row_scale scale_row(const struct nn_softmax_s8 *op, const int8_t *input, int32_t output_bits) {
    int32_t max = INT8_MIN;
    for (int32_t i = 0; i < op->depth; ++i) {
        max = input[i] > max ? input[i] : max;
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < op->depth; ++i) {
        const int32_t difference = max - input[i];
        sum += difference < op->count ? nn_round_shift(op->exponentials[difference], SUM_INTEGER_BITS) : 0;
    }
    const int32_t zeros = nn_leading_zeros((uint32_t)sum);
    const int32_t fraction = (int32_t)(((uint32_t)sum << zeros) & INT32_MAX); /* sum is (1 + fraction) * 2^n */
    const struct row_scale row = {max, nn_reciprocal_of_one_plus(fraction),
                                  SUM_INTEGER_BITS - zeros + 31 - output_bits};
    return row;
}

static int32_t probability(const struct nn_softmax_s8 *op, struct row_scale row, int32_t input) {
    const int32_t difference = row.max - input;
    if (difference >= op->count || row.exponent > 31) {
        return 0;
    }
    return nn_round_shift(nn_multiply_high(row.scale, op->exponentials[difference]), row.exponent);
}

#define SOFTMAX_KERNEL(name, output_type, output_bits, low, high)                                                      \
    void name(const struct nn_softmax_s8 *op, const int8_t *input, output_type *output) {                              \
        for (int32_t row = 0; row < op->rows; ++row) {                                                                 \
            const struct row_scale scale = scale_row(op, input, output_bits);                                          \
            for (int32_t i = 0; i < op->depth; ++i) {                                                                  \
                output[i] = (output_type)nn_clamp(probability(op, scale, input[i]) + low, low, high);                  \
            }                                                                                                          \
            input += op->depth;                                                                                        \
            output += op->depth;                                                                                       \
        }                                                                                                              \
    }

SOFTMAX_KERNEL(nn_softmax_s8, int8_t, 8, INT8_MIN, INT8_MAX)
SOFTMAX_KERNEL(nn_softmax_s8_s16, int16_t, 16, INT16_MIN, INT16_MAX)
