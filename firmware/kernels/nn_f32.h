/* Arithmetic on floats that gives the same bits on every machine: include this before any code of a kernel.
 *
 * A multiplication and an addition are rounded each, never fused into one instruction, and sums are added up in the
 * order that is written. With IEEE 754 arithmetic rounded to nearest, in hardware or in the compiler's library, results
 * are then defined; only the bits of a not-a-number are not. */
#ifndef NN_F32_H
#define NN_F32_H

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#include <string.h>

#include "nn_types.h"

/* x, at least low and at most high; x if it is not a number. */
static inline float nn_clamp_f32(float x, float low, float high) {
    const float raised = x < low ? low : x;
    return high < raised ? high : raised;
}

static inline uint32_t nn_bits_f32(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float nn_from_bits_f32(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The magnitude of x with the sign bit of another number's bits. */
static inline float nn_with_sign_f32(float x, uint32_t sign) {
    return nn_from_bits_f32((nn_bits_f32(x) & UINT32_C(0x7fffffff)) | (sign & UINT32_C(0x80000000)));
}

/* The largest whole number that is not above x; x if it is not a number. */
static inline float nn_floor_f32_of(float x) {
    const float all_whole = 8388608.0F;
    if (!(x > -all_whole && x < all_whole)) {
        return x;
    }
    const float towards_zero = (float)(int32_t)x;
    const float below = towards_zero > x ? towards_zero - 1.0F : towards_zero;
    return below == 0.0F ? nn_with_sign_f32(below, nn_bits_f32(x)) : below;
}

/* Whether a whole number is even; so are all that do not fit in an int32. */
static inline int nn_is_even_f32(float x) {
    return !(x >= -2147483648.0F && x < 2147483648.0F) || (int32_t)x % 2 == 0;
}

/* The square root, correctly rounded, in integers: a C library's may call for more than the hardware has. */
static inline float nn_sqrt_f32_of(float x) {
    const uint32_t bits = nn_bits_f32(x);
    if (!(x > 0.0F) || bits == UINT32_C(0x7f800000)) {
        return x < 0.0F ? (x - x) / (x - x) : x; /* no number; zeros and infinity stay */
    }
    int32_t exponent = (int32_t)(bits >> 23) - 127;
    uint32_t mantissa = (bits & UINT32_C(0x7fffff)) | UINT32_C(0x800000);
    if (exponent == -127) { /* subnormal */
        exponent = -126;
        mantissa &= UINT32_C(0x7fffff);
        while (mantissa < UINT32_C(0x800000)) {
            mantissa <<= 1;
            --exponent;
        }
    }
    /* x is (mantissa * 2^25) * 2^(exponent - 48) for an even exponent, and the root of the first has 25 bits. */
    uint64_t rest = (uint64_t)mantissa << (25 + (exponent & 1));
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 48; bit != 0; bit >>= 2) {
        const uint64_t trial = root + bit;
        root >>= 1;
        if (rest >= trial) {
            rest -= trial;
            root += bit;
        }
    }
    const uint32_t rounded = ((uint32_t)root + 1) >> 1; /* never half way */
    return nn_from_bits_f32(((uint32_t)((exponent >> 1) + 126) << 23) + rounded);
}

#endif
