/* From a 64-bit sum to an int16 output. */
#ifndef NN_OUTPUT_S16_H
#define NN_OUTPUT_S16_H

#include "nn_conv_s16.h"
#include "nn_requant.h"

static inline int16_t nn_output_s16(int64_t sum, const struct nn_requant_s16 *requant, int32_t channel) {
    const int32_t i = requant->per_channel ? channel : 0;
    const int32_t shift = requant->shift[i];
    const int64_t scaled = (sum * requant->multiplier[i] + (INT64_C(1) << (shift - 1))) >> shift;
    return (int16_t)nn_clamp((int32_t)scaled, requant->activation_min, requant->activation_max);
}

#endif
