/* Floats to the nearest integer. */
#ifndef NN_ROUND_H
#define NN_ROUND_H

#include "nn_f32.h"

#include "nn_fpu.h"

/* Halves away from zero; numbers beyond 2^18 stop there or at some larger number, and no number is 0. */
static inline int32_t nn_round_half_away(float x) {
#if NN_HAS_FPU
    /* Twice x towards zero: no number is 0 there, what is too large stops. Then half of it, up if it is positive. */
    int32_t twice;
    __asm__("vcvt.s32.f32 %0, %0, #1" : "+t"(x));
    memcpy(&twice, &x, sizeof twice);
    return (twice >> 1) + (twice & ~(twice >> 31) & 1);
#else
    const float limit = 262144.0F; /* beyond any quantized type, with bits left for the fraction */
    if (x != x) {
        return 0;
    }
    const float limited = x > limit ? limit : x < -limit ? -limit : x;
    const int32_t whole = (int32_t)limited;
    const float fraction = limited - (float)whole;
    return whole + (fraction >= 0.5F ? 1 : 0) - (fraction <= -0.5F ? 1 : 0);
#endif
}

#endif
