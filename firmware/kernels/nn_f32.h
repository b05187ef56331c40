/* Arithmetic on floats that gives the same bits on every machine: include this before any code of a kernel.
 *
 * A multiplication and an addition are rounded each, never fused into one instruction, and sums are added up in the order
 * that is written. With IEEE 754 arithmetic rounded to nearest, in hardware or in the compiler's library, results are
 * then defined; only the bits of a not-a-number are not. */
#ifndef NN_F32_H
#define NN_F32_H

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#include "nn_types.h"

/* x, at least low and at most high; x if it is not a number. */
static inline float nn_clamp_f32(float x, float low, float high)
{
    const float raised = x < low ? low : x;
    return high < raised ? high : raised;
}

#endif
