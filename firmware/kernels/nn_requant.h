/* Fixed-point arithmetic with TensorFlow Lite Micro's two roundings. */
#ifndef NN_REQUANT_H
#define NN_REQUANT_H

#include "nn_types.h"

/* floor((a * b + 2^30) / 2^31), the product of two numbers in [-1, 1) with 31 fractional bits, rounded to nearest, ties
 * up. Not both arguments may be INT32_MIN. */
static inline int32_t nn_multiply_high(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

/* x / 2^exponent rounded to nearest, ties away from zero. 0 <= exponent <= 31. */
static inline int32_t nn_round_shift(int32_t x, int32_t exponent) {
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1U);
    const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/* x * 2^exponent, without the high bits that do not fit. 0 <= exponent <= 31. */
static inline int32_t nn_shift_left(int32_t x, int32_t exponent) {
    return (int32_t)((uint32_t)x << exponent);
}

/* x * multiplier * 2^(shift - 31), rounded twice: after the multiplication and after the right shift.
 * multiplier >= 0, -31 <= shift <= 31. */
static inline int32_t nn_requantize(int32_t x, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    return nn_round_shift(nn_multiply_high(nn_shift_left(x, left), multiplier), right);
}

static inline int32_t nn_clamp(int32_t x, int32_t low, int32_t high) {
    return x < low ? low : x > high ? high : x;
}

/* An accumulator to an int8 output: rescaled for its channel, zero point added, clamped to [low, high] in int8. */
static inline int8_t nn_output_s8(int32_t acc, const struct nn_requant *requant, int32_t channel, int32_t zero_point,
                                  int32_t low, int32_t high) {
    const int32_t i = requant->per_channel ? channel : 0;
    return (int8_t)nn_clamp(nn_requantize(acc, requant->multiplier[i], requant->shift[i]) + zero_point, low, high);
}

#endif
