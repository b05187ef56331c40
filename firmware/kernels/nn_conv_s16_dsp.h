/* Convolutions and dense layers of int16 by int8 for cores with the DSP extension. Activations have zero points of 0;
 * all sums, biases included, fit in int32, which the generator sees to. */
#ifndef NN_CONV_S16_DSP_H
#define NN_CONV_S16_DSP_H

#include "nn_depthwise_any_dsp.h"
#include "nn_depthwise_taps.h"
#include "nn_gemm_s16_dsp.h"
#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Any window, any channels, any number of groups: matrix products over blocks of 4 output pixels.
 *
 * A window is `runs` pieces of `run` elements that are neighbours in memory, for each of its rows: all of a row if it
 * has one group and no dilation in width, else one piece for each column. Each piece is filled up to units of four.
 * gemm.units are those of all rows; `groups` streams of gemm follow one another, `stream_words` words each.
 *
 * Scratch, 4-aligned, in bytes: 32 * units; 8 * pairs elements, the tile; and one piece, rounded up to 4 bytes.
 * Pixels are computed in order, group by group, each block of 4 read before it is written. */
struct nn_conv2d_s16_dsp {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels, groups;
    int32_t runs, run;
    int32_t stream_words;
    int32_t activation_min, activation_max;
    struct nn_gemm_s16_dsp gemm;
};

void nn_conv2d_s16_dsp(const struct nn_conv2d_s16_dsp *op, const int16_t *input, int16_t *output, void *scratch);

/* A dense layer, up to four outputs at a time. `stream` holds, for each such group, in words: the biases,
 * input_size / 4, rounded up, times the weights of four inputs of each (int8, in the order of nn_gemm_s16_dsp.h), the
 * factors, the shifts.
 *
 * A batch is written as it is computed: the output must not overlap the input. */
struct nn_fully_connected_s16_dsp {
    int32_t batches;
    int32_t input_size, output_size;
    int32_t activation_min, activation_max;
    const uint32_t *stream;
};

void nn_fully_connected_s16_dsp(const struct nn_fully_connected_s16_dsp *op, const int16_t *input, int16_t *output);

/* Depthwise, any window and multiplier: see nn_depthwise_any_dsp.h. Weights of four outputs are in the order 0, 2, 1,
 * 3, multipliers and shifts as in nn_gemm_s16_dsp.h. `vector`: a multiplier of 1 and at least four channels; then the
 * last four outputs are channels - 4 and so on, and no output of a pixel may be where its window is. */
struct nn_depthwise_conv2d_s16_dsp {
    struct nn_depthwise_shape_dsp shape;
    int32_t activation_min, activation_max;
};

void nn_depthwise_conv2d_s16_dsp(const struct nn_depthwise_conv2d_s16_dsp *op, const int16_t *input, int16_t *output);

/* Four neighbouring outputs of one pixel from the first input inside; `stream` is where that of the four begins. */
void nn_depthwise4_s16_dsp(const struct nn_depthwise_taps *taps, const int16_t *input, const uint32_t *stream,
                           int16_t *output);

/* Clamps `count` elements to [low, high]; does nothing if that is all of int16, or all of it that is not negative while
 * the elements are so. */
void nn_clamp_s16_dsp(int16_t *data, int32_t count, int32_t low, int32_t high, int32_t positive);

#ifdef __cplusplus
}
#endif

#endif
