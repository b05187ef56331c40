/* Windows and Fourier transforms of int16 on cores with the DSP extension: two numbers, or the two parts of a complex
 * one, to a word. Results are those of the kernels without _dsp, on every bit. Tensors are aligned to 4 bytes. */
#ifndef NN_SIGNAL_DSP_H
#define NN_SIGNAL_DSP_H

#include "nn_signal.h"
#include "nn_signal_bank.h"
#include "nn_signal_fft.h"

#ifdef __cplusplus
extern "C" {
#endif

/* size and count are even. */
void nn_signal_window_s16_dsp(const struct nn_signal_window *op, const int16_t *input, int16_t *output);
void nn_signal_auto_scale_s16_dsp(const struct nn_signal_auto_scale *op, const int16_t *input, int16_t *output,
                                  int32_t *bits);

void nn_signal_energy_s16_dsp(const struct nn_signal_energy *op, const int16_t *input, uint32_t *output);

/* No weight is negative. */
void nn_signal_filter_bank_u32_dsp(const struct nn_signal_filter_bank *op, const uint32_t *input, uint64_t *output);

/* length is a power of two, and input_size even: all radices are 4, and the last one may be 2. */
void nn_signal_rfft_s16_dsp(const struct nn_signal_fft *op, const int16_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
