/* What the logistic function and tanh of int16 share: the table and how it is read. */
#ifndef NN_SIGMOID_H
#define NN_SIGMOID_H

#include "nn_unary.h"

/* The input in units of 1 / (3 * 4096). */
static inline int32_t nn_sigmoid_input(const struct nn_sigmoid_s16 *op, int32_t x) {
    const int32_t half = op->shift > 0 ? INT32_C(1) << (op->shift - 1) : 0;
    return (x * op->multiplier + half) >> op->shift;
}

/* Between two entries of the table, on a straight line: `bits` more fractional bits than the entries. */
static inline uint32_t nn_sigmoid_between(const struct nn_sigmoid_s16 *op, uint32_t magnitude, int32_t bits) {
    const uint32_t at = magnitude >> bits;
    const uint32_t here = op->sigmoid[at];
    const uint32_t next = op->sigmoid[at + 1];
    return (here << bits) + (magnitude & ((UINT32_C(1) << bits) - 1)) * (next - here);
}

#endif
