#include "nn_requant.h"
#include "nn_softmax.h"

/* The sum of exponentials has this many integer bits (it is at most `depth`). */
enum { SUM_INTEGER_BITS = 12, OUTPUT_BITS = 8 };

/* Constants with 29 fractional bits: the first guess of Newton's iteration is 48/17 - 32/17 d. */
static const int32_t FORTY_EIGHT_SEVENTEENTHS = 1515870810;
static const int32_t THIRTY_TWO_SEVENTEENTHS = 1010580540;
static const int32_t ONE_Q29 = 1 << 29;

/* x * 2^exponent, saturated. */
static int32_t shift_saturated(int32_t x, int32_t exponent) {
    const int32_t limit = (INT32_C(1) << (31 - exponent)) - 1;
    return x > limit ? INT32_MAX : x < -limit ? INT32_MIN : nn_shift_left(x, exponent);
}

/* 1 / (1 + x) for x in [0, 1), both with 31 fractional bits, by three steps of Newton's iteration. */
static int32_t reciprocal_of_one_plus(int32_t x) {
    const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t guess = FORTY_EIGHT_SEVENTEENTHS + nn_multiply_high(half_denominator, -THIRTY_TWO_SEVENTEENTHS);
    for (int step = 0; step < 3; ++step) {
        const int32_t error = ONE_Q29 - nn_multiply_high(half_denominator, guess);
        guess += shift_saturated(nn_multiply_high(guess, error), 2);
    }
    return shift_saturated(guess, 1);
}

static int32_t leading_zeros(uint32_t x) {
    int32_t count = 0;
    while (!(x & 0x80000000U)) {
        x <<= 1;
        ++count;
    }
    return count;
}

static int32_t max_of(const int8_t *row, int32_t depth) {
    int32_t max = row[0];
    for (int32_t i = 1; i < depth; ++i) {
        max = row[i] > max ? row[i] : max;
    }
    return max;
}

static void softmax_row(const struct nn_softmax_s8 *op, const int8_t *input, int8_t *output) {
    const int32_t max = max_of(input, op->depth);
    int32_t sum = 0;
    for (int32_t i = 0; i < op->depth; ++i) {
        const int32_t difference = max - input[i];
        sum += difference < op->count ? nn_round_shift(op->exponentials[difference], SUM_INTEGER_BITS) : 0;
    }
    const int32_t headroom = leading_zeros((uint32_t)sum);
    const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) & INT32_MAX); /* sum is (1 + fraction) * 2^n */
    const int32_t scale = reciprocal_of_one_plus(fraction);
    const int32_t exponent = SUM_INTEGER_BITS - headroom + 31 - OUTPUT_BITS;
    for (int32_t i = 0; i < op->depth; ++i) {
        const int32_t difference = max - input[i];
        int32_t value = INT8_MIN;
        if (difference < op->count && exponent <= 31) {
            value += nn_round_shift(nn_multiply_high(scale, op->exponentials[difference]), exponent);
        }
        output[i] = (int8_t)nn_clamp(value, INT8_MIN, INT8_MAX);
    }
}

void nn_softmax_s8(const struct nn_softmax_s8 *op, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < op->rows; ++row) {
        softmax_row(op, input, output);
        input += op->depth;
        output += op->depth;
    }
}
