/* The rescaling of nn_gemm_s16_dsp.h, one output at a time. */
#ifndef NN_RESCALE_S16_DSP_H
#define NN_RESCALE_S16_DSP_H

#include "nn_dsp.h"

static inline int32_t nn_rescale_s16(int32_t sum, uint32_t factor, uint32_t shift) {
    return (nn_smmul(sum, (int32_t)factor) + (1 << (shift - 1))) >> shift;
}

#endif
