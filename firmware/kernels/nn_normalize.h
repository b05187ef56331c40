/* Operators that bring each row along the last axis to a norm, or to logarithms of probabilities. */
#ifndef NN_NORMALIZE_H
#define NN_NORMALIZE_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows of [rows, depth] divided by their Euclidean norm; the output may start where the input starts. */
struct nn_l2_normalization {
    int32_t rows, depth;
    int32_t zero_point; /* of the input, in [-128, 127] */
};

/* To the scale 1/128 and zero point 0. 1 <= depth <= 33,000, so that the squares' sum fits in int32. */
void nn_l2_normalization_s8(const struct nn_l2_normalization *op, const int8_t *input, int8_t *output);

/* A norm below 1e-6 counts as 1e-6. */
void nn_l2_normalization_f32(const struct nn_l2_normalization *op, const float *input, float *output);

/* The logarithm of softmax along the last axis of [rows, depth], to the scale 1/16 and zero point 127; the output may
 * start where the input starts. exponentials[d] is exp(-d * input scale) with 31 fractional bits for d < `count` (1 to
 * 256); differences of `count` and more count as zero in the sum. 1 <= depth <= 4095. `multiplier` and `shift` (0 to
 * 31) take differences of the input to 26 fractional bits, `divisor` and `divisor_shift` (at most 0) take them back. */
struct nn_log_softmax_s8 {
    int32_t rows, depth;
    int32_t count;
    const int32_t *exponentials;
    int32_t multiplier, shift;
    int32_t divisor, divisor_shift;
};

void nn_log_softmax_s8(const struct nn_log_softmax_s8 *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
