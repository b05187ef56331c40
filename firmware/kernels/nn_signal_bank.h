/* Filter banks over a spectrum, and what follows them: roots, noise reduction, gain control, logarithms. One element
 * for each of `channels` everywhere; outputs may be the input of the same position and size. */
#ifndef NN_SIGNAL_BANK_H
#define NN_SIGNAL_BANK_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Band k, of 0 to channels, covers `width[k]` energies from `start[k]`, with weights and unweights from
 * `weight_start[k]`. output[c] = sum of band c + 1 times its weights, and of band c times its unweights, without bits
 * beyond 64. */
struct nn_signal_filter_bank {
    int32_t channels;
    const int16_t *start, *weight_start, *width;
    const int16_t *weights, *unweights;
};

void nn_signal_filter_bank_u32(const struct nn_signal_filter_bank *op, const uint32_t *input, uint64_t *output);

/* output = round(sqrt(input)) >> *bits; of bits, the lowest five count. */
struct nn_signal_square_root {
    int32_t channels;
};

void nn_signal_square_root_u64(const struct nn_signal_square_root *op, const uint64_t *input, const int32_t *bits,
                               uint32_t *output);

/* A low-pass filter estimates the noise in each channel: estimate = estimate * one_minus_smoothing +
 * (input << smoothing_bits) * smoothing, with the second pair of coefficients for odd channels, which have `bits`
 * fractional bits. Output: the input less the estimate, at least input * least. The estimate is kept and copied to
 * `noise`; where it is above the input, it comes down if `clamping`. smoothing_bits < 32, bits < 64. */
struct nn_signal_subtraction {
    int32_t channels;
    uint32_t smoothing[2], one_minus_smoothing[2];
    uint32_t least;
    int32_t smoothing_bits, bits, clamping;
};

void nn_signal_subtraction_u32(const struct nn_signal_subtraction *op, const uint32_t *input, uint32_t *estimate,
                               uint32_t *output, uint32_t *noise);

/* output = shrink(input * gain(noise) >> snr_shift); gain by the table of 125 int16: three values, then polynomials of
 * second degree, four entries for each power of two. snr_shift < 64. */
struct nn_signal_pcan {
    int32_t channels, snr_shift;
    const int16_t *gain;
};

void nn_signal_pcan_u32(const struct nn_signal_pcan *op, const uint32_t *input, const uint32_t *noise,
                        uint32_t *output);

/* output = scale * ln(input << correction_bits), at most 32767; 0 for up to 1. correction_bits < 32. */
struct nn_signal_log {
    int32_t channels, correction_bits;
    uint32_t scale;
};

void nn_signal_log_u32_s16(const struct nn_signal_log *op, const uint32_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
