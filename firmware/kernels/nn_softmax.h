/* Softmax, int8. */
#ifndef NN_SOFTMAX_H
#define NN_SOFTMAX_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Along the last axis of [rows, depth]. The output's scale is 1/256, its zero point -128.
 * exponentials[d] is exp(-d * beta * input scale) with 31 fractional bits, exponentials[0] is INT32_MAX; differences of
 * `count` (1 to 256) and more count as zero. 1 <= depth <= 4095. */
struct nn_softmax_s8 {
    int32_t rows, depth;
    int32_t count;
    const int32_t *exponentials;
};

/* The output may start where the input starts. */
void nn_softmax_s8(const struct nn_softmax_s8 *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
