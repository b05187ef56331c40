/* Softmax along the last axis of [rows, depth]. */
#ifndef NN_SOFTMAX_H
#define NN_SOFTMAX_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* exponentials[d] is exp(-d * beta * input scale) with 31 fractional bits, exponentials[0] is INT32_MAX; differences of
 * `count` (1 to 256) and more count as zero. 1 <= depth <= 4095. */
struct nn_softmax_s8 {
    int32_t rows, depth;
    int32_t count;
    const int32_t *exponentials;
};

/* To the scale 1/256 and zero point -128; the output may start where the input starts. */
void nn_softmax_s8(const struct nn_softmax_s8 *op, const int8_t *input, int8_t *output);

/* To the scale 1/65536 and zero point -32768. */
void nn_softmax_s8_s16(const struct nn_softmax_s8 *op, const int8_t *input, int16_t *output);

/* multiplier * 2^(shift - 31) takes differences of the input to 10/65535. Tables of 513 entries for -32768, -32640,
 * ..., 32767 and one more: exponential[i] is exp(x) for x from -10 to 0, reciprocal[i] is 1 / (1 + x) for x from 0 to
 * 1, both with 15 fractional bits. 1 <= depth <= 32767. */
struct nn_softmax_s16 {
    int32_t rows, depth;
    int32_t multiplier, shift;
    const int16_t *exponential;
    const int16_t *reciprocal;
};

/* To the scale 1/32768 and zero point 0; the output may start where the input starts. */
void nn_softmax_s16(const struct nn_softmax_s16 *op, const int16_t *input, int16_t *output);

/* Exponentials as in nn_exp.h, added up in order; the output may start where the input starts. */
struct nn_softmax_f32 {
    int32_t rows, depth;
    float beta;
};

void nn_softmax_f32(const struct nn_softmax_f32 *op, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
