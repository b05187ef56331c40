/* Sums of any number of tensors of one shape. */
#ifndef NN_ADD_N_H
#define NN_ADD_N_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The inputs share one quantization. 2^19 * (offset + sum of the inputs) fits in int32 for all of them and is rescaled
 * to the output; multiplier and shift as in nn_requant, shift not above 0. */
struct nn_add_n_s8 {
    int32_t count, inputs;
    int32_t offset;
    int32_t multiplier, shift, output_zero_point;
};

/* The output may start where an input starts. */
void nn_add_n_s8(const struct nn_add_n_s8 *op, const void *const *inputs, int8_t *output);

struct nn_add_n_f32 {
    int32_t count, inputs;
};

/* The output may start where an input starts. */
void nn_add_n_f32(const struct nn_add_n_f32 *op, const void *const *inputs, float *output);

#ifdef __cplusplus
}
#endif

#endif
