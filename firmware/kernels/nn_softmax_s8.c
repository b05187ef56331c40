#include "nn_fixed.h"
#include "nn_softmax.h"

/* The sum of exponentials has this many integer bits (it is at most `depth`). */
enum { SUM_INTEGER_BITS = 12 };

/* x / 2^exponent of what is not negative, rounded to nearest, ties up. 0 <= exponent <= 31. */
static uint32_t round_positive(uint32_t x, int32_t exponent) {
    return (x + (UINT32_C(1) << exponent >> 1)) >> exponent;
}

/* What all exponentials of a row are multiplied with: scale * 2^-exponent. */
struct row_scale {
    int32_t max;
    uint32_t scale; /* twice that */
    int32_t exponent;
};

static struct row_scale scale_row(const struct nn_softmax_s8 *op, const int8_t *input, int32_t output_bits) {
    int32_t max = INT8_MIN;
    for (int32_t i = 0; i < op->depth; ++i) {
        max = input[i] > max ? input[i] : max;
    }
    uint32_t sum = 0;
    for (int32_t i = 0; i < op->depth; ++i) {
        const int32_t difference = max - input[i];
        if (difference < op->count) {
            sum += round_positive((uint32_t)op->exponentials[difference], SUM_INTEGER_BITS);
        }
    }
    const int32_t zeros = nn_leading_zeros(sum);
    const int32_t fraction = (int32_t)((sum << zeros) & INT32_MAX); /* sum is (1 + fraction) * 2^n */
    const struct row_scale row = {max, 2U * (uint32_t)nn_reciprocal_of_one_plus(fraction),
                                  SUM_INTEGER_BITS - zeros + 31 - output_bits};
    return row;
}

/* exponential * scale, rounded twice: both are positive. */
static int32_t probability(struct row_scale row, int32_t exponential) {
    const uint64_t product = (uint64_t)row.scale * (uint32_t)exponential + (UINT64_C(1) << 31);
    return (int32_t)round_positive((uint32_t)(product >> 32), row.exponent);
}

/* The exponentials of a row that are not 0 before they are scaled. */
static int32_t count_of(const struct nn_softmax_s8 *op, struct row_scale row) {
    return row.exponent > 31 ? 0 : op->count;
}

#define SOFTMAX_KERNEL(name, output_type, output_bits, low, high)                                                      \
    void name(const struct nn_softmax_s8 *op, const int8_t *input, output_type *output) {                              \
        const struct nn_softmax_s8 own = *op; /* the output might be the parameters, for all the compiler knows */     \
        for (int32_t left = own.rows; left > 0; --left) {                                                              \
            const struct row_scale row = scale_row(&own, input, output_bits);                                          \
            const int32_t count = count_of(&own, row);                                                                 \
            for (const int8_t *end = input + own.depth; input != end; ++input) {                                       \
                const int32_t difference = row.max - *input;                                                           \
                const int32_t x = difference < count ? probability(row, own.exponentials[difference]) : 0;             \
                *output++ = (output_type)((x > (high) - (low) ? (high) - (low) : x) + (low));                          \
            }                                                                                                          \
        }                                                                                                              \
    }

SOFTMAX_KERNEL(nn_softmax_s8, int8_t, 8, INT8_MIN, INT8_MAX)
SOFTMAX_KERNEL(nn_softmax_s8_s16, int16_t, 16, INT16_MIN, INT16_MAX)
