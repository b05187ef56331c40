/* What nn_add_scaled_s8_dsp and nn_add_scaled_s16_dsp have in common. */
#ifndef NN_ADD_SCALED_DSP_H
#define NN_ADD_SCALED_DSP_H

#include "nn_pairs_rows_dsp.h"

static inline int32_t nn_scaled_sum(const struct nn_add_scaled_dsp *op, int32_t a, int32_t b) {
    const int32_t scaled = nn_rescale_signed(a * op->unit + op->offset, &op->input);
    return nn_rescale_signed(scaled * op->sign + (b * op->factor2 + op->constant2), &op->output);
}

#endif
