/* Elementwise addition as one linear function. */
#ifndef NN_ADD_M4_H
#define NN_ADD_M4_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* output = (input1 * factor1 + input2 * factor2 + constant) >> shift, clamped to the activation range, for `count`
 * elements.
 *
 * TensorFlow Lite Micro rescales and rounds three times. There are only 65,536 pairs of inputs: the generator finds
 * factors with which this formula gives its result for every one of them, without overflow, or does not use this kernel.
 */
struct nn_add_s8_m4 {
    int32_t count;
    int32_t activation_min, activation_max;
    int32_t factor1, factor2, constant, shift;
};

/* The output may start where an input starts. */
void nn_add_s8_m4(const struct nn_add_s8_m4 *op, const int8_t *input1, const int8_t *input2, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
