/* Activation ranges narrower than int8, as a pass of its own: the kernels saturate to int8 for nothing, and most layers
 * need no more. */
#ifndef NN_CLAMP_DSP_H
#define NN_CLAMP_DSP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Clamps `count` elements to [low, high]; does nothing if that is all of int8. */
void nn_clamp_s8_dsp(int8_t *data, int32_t count, int32_t low, int32_t high);

#ifdef __cplusplus
}
#endif

#endif
