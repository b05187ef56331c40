/* Windows, energies and frames of a sampled signal: TensorFlow Lite Micro's signal operators, but for nn_signal_fft.h
 * and nn_signal_bank.h. */
#ifndef NN_SIGNAL_H
#define NN_SIGNAL_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* output = input * window >> shift, clamped to int16; the window of `size` goes over `count` samples again and again.
 * 0 <= shift <= 31; the output may be the input. */
struct nn_signal_window {
    int32_t count, size, shift;
    const int16_t *window;
};

void nn_signal_window_s16(const struct nn_signal_window *op, const int16_t *input, int16_t *output);

/* output = input << bits, as many as the largest magnitude leaves room for, at least 0. As in TensorFlow Lite Micro, a
 * -32768 counts as the smallest of all: it is forgotten where larger ones follow. The output may be the input. */
struct nn_signal_auto_scale {
    int32_t count;
};

void nn_signal_auto_scale_s16(const struct nn_signal_auto_scale *op, const int16_t *input, int16_t *output,
                              int32_t *bits);

/* output[i] = real * real + imaginary * imaginary for begin <= i < end, 0 elsewhere. Input [count, 2]. */
struct nn_signal_energy {
    int32_t count, begin, end;
};

void nn_signal_energy_s16(const struct nn_signal_energy *op, const int16_t *input, uint32_t *output);

/* Rows of samples into overlapping frames. input [rows, frames * step], output [rows, frames, size]; values
 * [rows, capacity], capacity = size rounded up to steps. `waiting`: the samples that are kept of each row, less
 * `prefilled`, which are zeros before the first. A frame that is not complete yet is zeros, and *valid 0. */
struct nn_signal_framer {
    int32_t rows, frames, step, size, capacity, prefilled;
};

void nn_signal_framer_s16(const struct nn_signal_framer *op, const int16_t *input, int32_t *waiting, int16_t *values,
                          int16_t *output, uint8_t *valid);

/* Frames that overlap, added up: input [rows, frames, size], sums [rows, size], output [rows, frames * step],
 * step <= size. Sums of int16 are clamped. */
struct nn_signal_overlap_add {
    int32_t rows, frames, step, size;
};

void nn_signal_overlap_add_s16(const struct nn_signal_overlap_add *op, const int16_t *input, int16_t *sums,
                               int16_t *output);
void nn_signal_overlap_add_f32(const struct nn_signal_overlap_add *op, const float *input, float *sums, float *output);

/* Frames of `channels` side by side: `left` copies of the first one come before it. values and output [size], size a
 * multiple of channels; `step` of them go after each stack. state: values that are kept, and whether there was a first
 * frame. While there are too few, the output is zeros, and *valid 0. */
struct nn_signal_stacker {
    int32_t channels, left, size, step;
};

void nn_signal_stacker_s16(const struct nn_signal_stacker *op, const int16_t *input, int32_t *state, int16_t *values,
                           int16_t *output, uint8_t *valid);

/* Rows of `count` samples, `delay` samples later. kept [rows, delay]; the output may not be the input. */
struct nn_signal_delay {
    int32_t rows, count, delay;
};

void nn_signal_delay_s16(const struct nn_signal_delay *op, const int16_t *input, int16_t *kept, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
