/* Sums and means over pixels for cores with the DSP extension: four channels, one word, at a time. */
#ifndef NN_SUM_DSP_H
#define NN_SUM_DSP_H

#include "nn_reduce.h"

#ifdef __cplusplus
extern "C" {
#endif

/* input [outer, size, channels], output [outer, channels]; at least 4 channels.
 * output = (sum + sum_offset) rescaled by multiplier and shift as in nn_requant, but for the multiplier, which may be
 * any in [0, 2^31), plus the output zero point, clamped to int8. Sums fit in int32. */
struct nn_sum_s8_dsp {
    int32_t outer, size, channels;
    int32_t sum_offset;
    int32_t multiplier, shift;
    int32_t output_zero_point;
};

/* The output may start where the input starts if channels are divisible by 4: four are read before they are written. */
void nn_sum_s8_dsp(const struct nn_sum_s8_dsp *op, const int8_t *input, int8_t *output);

/* Sums and means as nn_sum_s8 computes them, where the elements of the last reduced axis are neighbours, and at most
 * two axes of each kind are left: the first one of `axes` is not walked. */
void nn_sum_runs_s8_dsp(const struct nn_sum_quantized *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
