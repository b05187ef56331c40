/* Elementwise addition of int16, with TensorFlow Lite Micro's own three roundings. */
#ifndef NN_ADD_S16_DSP_H
#define NN_ADD_S16_DSP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* input1 is the one with the larger scale: its factor is a half, so input1 * 2^14 is what the other one is brought to:
 *     scaled = shift2 == 0 ? input2 * 2^14 : input2 * multiplier2 / 2^16 rounded, then / 2^shift2 rounded
 *     output = (input1 * 2^14 + scaled) * multiplier / 2^31 rounded, then / 2^shift rounded
 * clamped to the activation range, for `count` elements. The first rounding of each pair is to nearest, halves up; the
 * second halves away from zero. shift is at least 1. */
struct nn_add_s16_dsp {
    int32_t count;
    int32_t activation_min, activation_max;
    int32_t multiplier2, shift2;
    int32_t multiplier, shift;
};

/* The output may start where an input starts. */
void nn_add_s16_dsp(const struct nn_add_s16_dsp *op, const int16_t *input1, const int16_t *input2, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
