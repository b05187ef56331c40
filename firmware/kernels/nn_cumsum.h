/* Running sums. */
#ifndef NN_CUMSUM_H
#define NN_CUMSUM_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Along the middle axis of [outer, count, inner]. Element i becomes the sum of elements 0 to i, without i itself if
 * `exclusive` is 1, backwards from the last one if `reverse` is 1. The output may start where the input starts. */
struct nn_cumsum {
    int32_t outer, count, inner;
    int32_t exclusive, reverse;
};

/* As in TensorFlow Lite Micro, the sum begins at minus the zero point instead of 0, and 32 bits with 19 fractional ones
 * hold it, without the bits that do not fit. Zero points in [-128, 127]; multiplier and shift as in nn_requant, shift
 * not above 0. */
struct nn_cumsum_s8 {
    struct nn_cumsum shape;
    int32_t input_zero_point, output_zero_point;
    int32_t multiplier, shift;
};

void nn_cumsum_s8(const struct nn_cumsum_s8 *op, const int8_t *input, int8_t *output);

/* The sum begins at 0. */
struct nn_cumsum_f32 {
    struct nn_cumsum shape;
};

void nn_cumsum_f32(const struct nn_cumsum_f32 *op, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
