/* The matrix product under the convolutions of int16 by int8 with the DSP extension: 4 pixels at a time, 2 output
 * channels at a time.
 *
 * Inputs are 16-bit lanes as they are, so only weights are unpacked: two SXTB16 for four of them. Four inputs of four
 * pixels for two channels (32 multiply-accumulates) take 26 instructions: six loads of two words, four SXTB16, 16
 * SMLAD. A block is laid out as in nn_gemm_dsp.h: [units][NN_GEMM_UNIT_WORDS], four inputs of four pixels: the first
 * two of each pixel, then the last two of each.
 */
#ifndef NN_GEMM_S16_DSP_H
#define NN_GEMM_S16_DSP_H

#include <stdint.h>

#include "nn_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NN_GEMM_S16_PIXELS = 4,
    NN_GEMM_S16_UNIT = 4,
    NN_GEMM_S16_UNIT_WORDS = 8 /* of a block */
};

/* Constant parameters. `stream` holds, for each pair of channels c, c + 1, in words:
 *     bias[c], bias[c + 1]
 *     `units` times: weights[c], weights[c + 1], four int8 each, of inputs 4 * unit + 0, 2, 1, 3
 *     factor[c], factor[c + 1], shift[c], shift[c + 1]
 * All sums fit in int32. A sum becomes (sum * factor / 2^32 + 2^(shift - 1)) >> shift, rounded down after the division:
 * that is TensorFlow Lite Micro's single rounding of sum * multiplier * 2^-s, with factor = multiplier * 2^16 and
 * shift = s - 16, at least 1. Outputs saturate to int16, or, if `positive`, to what is not below 0. */
struct nn_gemm_s16_dsp {
    const uint32_t *stream;
    int32_t units; /* at least 1 */
    int32_t pairs; /* output channels / 2, rounded up: an odd last one has zeros beside it; at least 1 */
    int32_t positive;
};

/* Computes 4 pixels of 2 * pairs channels; pixel p's channel c goes to output[p * stride + c]. */
void nn_gemm4_s16_dsp(const struct nn_gemm_s16_dsp *op, const uint32_t *block, int16_t *output, int32_t stride);

/* The first `count` pixels of a block, `channels` of each: 2 * pairs, or one less. `tile` has room for 8 * pairs
 * elements, for what takes a detour: blocks of less than 4 pixels and odd channels. */
void nn_gemm_pixels_s16_dsp(const struct nn_gemm_s16_dsp *op, const uint32_t *block, int32_t count, int32_t channels,
                            int16_t *output, int32_t stride, int16_t *tile);

#ifdef __cplusplus
}
#endif

#endif
