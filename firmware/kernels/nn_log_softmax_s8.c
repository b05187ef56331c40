#include "nn_fixed.h"
#include "nn_normalize.h"

/* Integer bits of the sum of exponentials (it is at most `depth`), of its logarithm, and while that is computed. */
enum { SUM_INTEGER_BITS = 12, LOG_INTEGER_BITS = 5, ACCUMULATOR_INTEGER_BITS = 6, OUTPUT_INTEGER_BITS = 4 };

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static int32_t shifted(int32_t x, int32_t exponent) {
    return exponent == 0 ? x : nn_shift_saturated(x, exponent);
}

/* The logarithm of r in [1/2, 1) up to its power of two: a rational function around 2^(-1/4), 31 fractional bits. */
static int32_t log_of_fraction(int32_t r) {
    const int32_t center = 1805811301; /* 2^(-1/4) */
    const int32_t p = (int32_t)(((int64_t)r + center + 1) >> 1);
    const int32_t q = 2 * (r - center);
    const int32_t square = nn_multiply_high(q, q);
    const int32_t numerator = nn_multiply_high(q, r) + nn_multiply_high(nn_multiply_high(q, square), 117049297);
    const int32_t inner = 1057819769 + q + nn_multiply_high(127690142, square);
    const int32_t denominator = nn_multiply_high(p, inner) + nn_multiply_high(638450708, q);
    return nn_multiply_high(nn_round_shift(numerator, ACCUMULATOR_INTEGER_BITS),
                            nn_reciprocal_of_one_plus(denominator));
}

/* log(sum), 26 fractional bits, for a sum of at least 1 with 19. It is split into a power of two and a fraction near
 * 2^(-1/4), in one of two ways. */
static int32_t log_of_sum(int32_t sum) {
    const int32_t half_sqrt_2 = 1518500250;
    const int32_t unit = 31 - ACCUMULATOR_INTEGER_BITS;
    const int32_t zeros_a = nn_leading_zeros((uint32_t)sum);
    const int32_t fraction_a = shifted(nn_multiply_high(shifted(sum, zeros_a - 1), half_sqrt_2), 1);
    const int32_t power_a = (SUM_INTEGER_BITS - zeros_a) * (1 << unit) + (1 << (unit - 2));
    const int32_t zeros_b = nn_leading_zeros((uint32_t)nn_multiply_high(sum, half_sqrt_2)) - 1;
    const int32_t fraction_b = shifted(sum, zeros_b);
    const int32_t power_b = (SUM_INTEGER_BITS - zeros_b) * (1 << unit) - (1 << (unit - 2));
    const int32_t log_2 = 1488522236;
    const int32_t whole = nn_multiply_high(larger(power_a, power_b), log_2);
    return nn_shift_saturated(whole + log_of_fraction(smaller(fraction_a, fraction_b)), 1);
}

static int32_t sum_of_exponentials(const struct nn_log_softmax_s8 *op, const int8_t *input, int32_t max) {
    int32_t sum = 0;
    for (int32_t i = 0; i < op->depth; ++i) {
        const int32_t difference = max - input[i];
        sum += difference < op->count ? nn_round_shift(op->exponentials[difference], SUM_INTEGER_BITS) : 0;
    }
    return sum;
}

static void log_softmax_row(const struct nn_log_softmax_s8 *op, const int8_t *input, int8_t *output) {
    int32_t max = INT8_MIN;
    for (int32_t i = 0; i < op->depth; ++i) {
        max = larger(max, input[i]);
    }
    const int32_t log_sum = log_of_sum(sum_of_exponentials(op, input, max));
    /* Differences whose output would not fit in 32 bits give the smallest. */
    const int32_t least = larger(-op->count, nn_requantize(log_sum + INT32_MIN, op->divisor, op->divisor_shift));
    for (int32_t i = 0; i < op->depth; ++i) {
        const int32_t difference = input[i] - max;
        int32_t y = INT8_MIN;
        if (difference > least) {
            const uint32_t scaled = (uint32_t)nn_requantize(difference, op->multiplier, op->shift);
            const int32_t log = (int32_t)(scaled - (uint32_t)log_sum);
            y = nn_round_shift(log, 31 - LOG_INTEGER_BITS - OUTPUT_INTEGER_BITS) + INT8_MAX;
        }
        output[i] = (int8_t)nn_clamp(y, INT8_MIN, INT8_MAX);
    }
}

void nn_log_softmax_s8(const struct nn_log_softmax_s8 *op, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < op->rows; ++row) {
        log_softmax_row(op, input, output);
        input += op->depth;
        output += op->depth;
    }
}
