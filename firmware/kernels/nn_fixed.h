/* Functions in fixed point, step by step as TensorFlow Lite Micro computes them. */
#ifndef NN_FIXED_H
#define NN_FIXED_H

#include "nn_requant.h"

/* x * 2^exponent, saturated. 1 <= exponent <= 30. */
static inline int32_t nn_shift_saturated(int32_t x, int32_t exponent) {
    const int32_t limit = (INT32_C(1) << (31 - exponent)) - 1;
    return x > limit ? INT32_MAX : x < -limit ? INT32_MIN : nn_shift_left(x, exponent);
}

/* 1 / (1 + x) for x in [0, 1), both with 31 fractional bits, by three steps of Newton's iteration, the first guess
 * being 48/17 - 32/17 d. The iteration's numbers have 29 fractional bits. */
static inline int32_t nn_reciprocal_of_one_plus(int32_t x) {
    const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t guess = 1515870810 + nn_multiply_high(half_denominator, -1010580540);
    for (int step = 0; step < 3; ++step) {
        const int32_t error = (1 << 29) - nn_multiply_high(half_denominator, guess);
        guess += nn_shift_saturated(nn_multiply_high(guess, error), 2);
    }
    return nn_shift_saturated(guess, 1);
}

/* Zero bits above the highest one bit; 32 for 0. */
static inline int32_t nn_leading_zeros(uint32_t x) {
#if defined(__GNUC__) && defined(__ARM_FEATURE_CLZ)
    return x == 0 ? 32 : __builtin_clz(x);
#else
    int32_t count = 0;
    for (int32_t step = 16; step > 0; step /= 2) {
        if (x >> (32 - step) == 0) {
            count += step;
            x <<= step;
        }
    }
    return x == 0 ? 32 : count;
#endif
}

/* A real number as multiplier * 2^(shift - 31). */
struct nn_factor {
    int32_t multiplier, shift;
};

/* 1 / sqrt(x) for x >= 0, 0 counting as 1: five steps of Newton's iteration from 1, with 3 integer bits. */
static inline struct nn_factor nn_inverse_square_root(int32_t x) {
    struct nn_factor result = {INT32_MAX, 0};
    if (x <= 1) {
        return result;
    }
    int32_t shift = 11;
    while (x >= 1 << 29) {
        x /= 4;
        ++shift;
    }
    const int32_t pairs = (nn_leading_zeros((uint32_t)x) - 1) / 2 - 1;
    shift -= pairs;
    x <<= 2 * pairs;
    const int32_t quarter = nn_round_shift(x >> 1, 1);
    int32_t value = 1 << 28;
    for (int step = 0; step < 5; ++step) {
        const int32_t cube = nn_shift_saturated(nn_multiply_high(nn_multiply_high(value, value), value), 6);
        const int32_t next = nn_multiply_high((1 << 28) + (1 << 27), value) - nn_multiply_high(quarter, cube);
        value = nn_shift_saturated(next, 3);
    }
    const int32_t half_sqrt_2 = 1518500250;
    result.multiplier = nn_multiply_high(value, half_sqrt_2);
    if (shift < 0) {
        result.multiplier = nn_shift_left(result.multiplier, -shift);
    } else {
        result.shift = -shift;
    }
    return result;
}

#endif
