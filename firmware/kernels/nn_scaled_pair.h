/* Two quantized numbers brought to one scale, as sums and differences need them. */
#ifndef NN_SCALED_PAIR_H
#define NN_SCALED_PAIR_H

#include "nn_binary.h"
#include "nn_requant.h"

struct nn_scaled_pair {
    int32_t a, b;
};

/* Both inputs without their zero points, scaled up by headroom_bits to keep precision, and rescaled. */
static inline struct nn_scaled_pair nn_scale_pair(const struct nn_add_quantized *op, int32_t a, int32_t b,
                                                  int32_t headroom_bits) {
    const int32_t shifted_a = (a - op->zero_point1) * (1 << headroom_bits);
    const int32_t shifted_b = (b - op->zero_point2) * (1 << headroom_bits);
    const struct nn_scaled_pair pair = {nn_requantize(shifted_a, op->multiplier1, op->shift1),
                                        nn_requantize(shifted_b, op->multiplier2, op->shift2)};
    return pair;
}

/* What was computed from a scaled pair, as an output. */
static inline int32_t nn_rescale_sum(const struct nn_add_quantized *op, int32_t sum) {
    const int32_t scaled = nn_requantize(sum, op->output_multiplier, op->output_shift);
    return nn_clamp(scaled + op->output_zero_point, op->activation_min, op->activation_max);
}

#endif
