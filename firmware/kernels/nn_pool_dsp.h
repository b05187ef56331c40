/* Pools for cores with the DSP extension: four channels, one word, at a time. */
#ifndef NN_POOL_DSP_H
#define NN_POOL_DSP_H

#include "nn_pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As nn_average_pool2d_s8 and nn_max_pool2d_s8; averages are of at least 4 channels, and windows of at most 256
 * elements. The output may start where the input starts, if each output pixel comes no later in memory than the first
 * pixel of its window: the first pixel is read before an output pixel is written, the others may be read after. It must
 * not overlap the input of averages whose channels are not divisible by 4: some of those are computed twice. */
void nn_average_pool2d_s8_dsp(const struct nn_pool2d_s8 *op, const int8_t *input, int8_t *output);
void nn_max_pool2d_s8_dsp(const struct nn_pool2d_s8 *op, const int8_t *input, int8_t *output);

/* The average over windows of 2x2 that are all inside the image, for channel counts divisible by 4. */
void nn_average_pool2x2_s8_dsp(const struct nn_pool2d_s8 *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
