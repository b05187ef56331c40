/* TensorFlow Lite Micro's two roundings in one multiplication. */
#ifndef NN_REQUANT_DSP_H
#define NN_REQUANT_DSP_H

#include "nn_dsp.h"
#include "nn_requant.h"

/* As nn_rescale_s8_dsp, for a shift above 0. */
static inline int8_t nn_rescale_down_s8_dsp(int32_t sum, int32_t multiplier, int32_t shift, int32_t round) {
    const int32_t doubled = 2 * sum;
    const int32_t offset = (int32_t)(((uint32_t)round << (shift - 1)) + (uint32_t)(doubled >> 31));
    return (int8_t)nn_ssat8(nn_smmlar(doubled, multiplier, offset) >> shift);
}

/* A sum times multiplier / 2^31, rounded, divided by 2^shift, rounded halves away from zero, plus an output zero point,
 * clamped to int8; `round` is twice that zero point plus 1. The multiplier is in [2^30, 2^31), shift up to 23. Where it
 * is not above 0, the sum is first shifted to the left by that much, and rounded once. Sums are below 2^30 in
 * magnitude, shifted ones too. */
static inline int8_t nn_rescale_s8_dsp(int32_t sum, int32_t multiplier, int32_t shift, int32_t round) {
    if (shift <= 0) {
        return (int8_t)nn_ssat8(nn_smmlar((int32_t)((uint32_t)sum << (1 - shift)), multiplier, round >> 1));
    }
    return nn_rescale_down_s8_dsp(sum, multiplier, shift, round);
}

/* As nn_output_s8. `round` is as above where all channels' sums and factors are, else 0. */
static inline int8_t nn_output_s8_dsp(int32_t sum, const struct nn_requant *requant, int32_t channel,
                                      int32_t zero_point, int32_t round, int32_t low, int32_t high) {
    if (round == 0) {
        return nn_output_s8(sum, requant, channel, zero_point, low, high);
    }
    const int32_t i = requant->per_channel ? channel : 0;
    return (int8_t)nn_clamp(nn_rescale_s8_dsp(sum, requant->multiplier[i], -requant->shift[i], round), low, high);
}

#endif
