/* Fourier transforms of real signals, step by step as TensorFlow Lite Micro's library of them computes them. */
#ifndef NN_SIGNAL_FFT_H
#define NN_SIGNAL_FFT_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_FFT_STAGES = 16 };

/* `rows` transforms of `length` real numbers, computed as length / 2 complex ones, which have only the prime factors 2,
 * 3 and 5. radix: those of the stages, outermost first, 4 before 2, then 3 and 5, and zeros. order: the complex number
 * that each place of the innermost stage begins with, length / 2 of them. twiddles: exp(-2 pi i k / (length / 2)) for
 * 0 <= k < length / 2; split: exp(-pi i ((k + 1) / (length / 2) + 1 / 2)) for 0 <= k < length / 4; both as pairs, in
 * the type of the numbers (integers: times 32767 or 2^31 - 1, rounded), and conjugated for the way back.
 *
 * input_size: how many numbers a row of the forward transform has, up to length; the others are zeros. */
struct nn_signal_fft {
    int32_t rows, input_size, length;
    int32_t radix[NN_FFT_STAGES];
    const uint16_t *order;
    const void *twiddles;
    const void *split;
};

/* Row of real numbers to length / 2 + 1 complex ones, pairs of real and imaginary parts. Integers are halved, or
 * divided by 3, 4 or 5, in every stage, so that they do not leave their type. */
void nn_signal_rfft_s16(const struct nn_signal_fft *op, const int16_t *input, int16_t *output);
void nn_signal_rfft_s32(const struct nn_signal_fft *op, const int32_t *input, int32_t *output);
void nn_signal_rfft_f32(const struct nn_signal_fft *op, const float *input, float *output);

/* The way back. Floats are divided by the length. scratch: length numbers. */
void nn_signal_irfft_s16(const struct nn_signal_fft *op, const int16_t *input, int16_t *output, void *scratch);
void nn_signal_irfft_s32(const struct nn_signal_fft *op, const int32_t *input, int32_t *output, void *scratch);
void nn_signal_irfft_f32(const struct nn_signal_fft *op, const float *input, float *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
