/* Functions in fixed point, step by step as TensorFlow Lite Micro computes them. */
#ifndef NN_FIXED_H
#define NN_FIXED_H

#include "nn_requant.h"

/* x * 2^exponent, saturated. 1 <= exponent <= 30. */
static inline int32_t nn_shift_saturated(int32_t x, int32_t exponent)
{
    const int32_t limit = (INT32_C(1) << (31 - exponent)) - 1;
    return x > limit ? INT32_MAX : x < -limit ? INT32_MIN : nn_shift_left(x, exponent);
}

/* 1 / (1 + x) for x in [0, 1), both with 31 fractional bits, by three steps of Newton's iteration, the first guess being
 * 48/17 - 32/17 d. The iteration's numbers have 29 fractional bits. */
static inline int32_t nn_reciprocal_of_one_plus(int32_t x)
{
    const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t guess = 1515870810 + nn_multiply_high(half_denominator, -1010580540);
    for (int step = 0; step < 3; ++step) {
        const int32_t error = (1 << 29) - nn_multiply_high(half_denominator, guess);
        guess += nn_shift_saturated(nn_multiply_high(guess, error), 2);
    }
    return nn_shift_saturated(guess, 1);
}

/* Zero bits above the highest one bit; 32 for 0. */
static inline int32_t nn_leading_zeros(uint32_t x)
{
    int32_t count = 0;
    for (int32_t step = 16; step > 0; step /= 2) {
        if (x >> (32 - step) == 0) {
            count += step;
            x <<= step;
        }
    }
    return x == 0 ? 32 : count;
}

#endif
