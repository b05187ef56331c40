/* Two-dimensional convolution for cores with the DSP extension: matrix products over blocks of 4 output pixels.
 *
 * The kernels differ in how a block's windows get into the form that nn_gemm_dsp.h wants. All take one image and one
 * group of channels; gemm.pairs is output_channels / 2, rounded up (an odd last channel has zeros beside it). */
#ifndef NN_CONV2D_DSP_H
#define NN_CONV2D_DSP_H

#include "nn_gemm_dsp.h"
#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Blocks of less than 4 pixels, odd channel counts and residuals take another 8 * pairs bytes at the end of the scratch
 * memory: "the tile" below. It is not touched if every block has 4 pixels, output_channels is even, and nothing is
 * added.
 *
 * The kernels with `add` in their name also compute the ADD that follows, of the convolution (input1, whose activation
 * range is all of int8, and left out) and a tensor of its output's shape. The output may start where that tensor
 * starts. */

/* Any window; input_channels divisible by 4. input [H, W, input_channels], output [OH, OW, output_channels].
 * gemm.units is KH * KW * input_channels / 4, weights in the order [KH][KW][input_channels].
 *
 * Scratch, 4-aligned: 32 * units bytes, and the tile.
 * Pixels are computed in order, each block of 4 read before it is written. */
struct nn_conv2d_s8_dsp {
    struct nn_window window;
    int32_t input_channels, output_channels;
    int32_t input_zero_point;
    int32_t activation_min, activation_max;
    struct nn_gemm_dsp gemm;
};

void nn_conv2d_s8_dsp(const struct nn_conv2d_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch);

/* 1x1 windows with strides of 1; input_channels divisible by 4. input [pixels, input_channels],
 * output [pixels, output_channels]. gemm.units is input_channels / 4.
 *
 * Scratch, 4-aligned: 32 * units bytes, and the tile.
 * The output may start where the input starts if it has no more channels: a block of 4 is read before it is written. */
struct nn_pointwise_s8_dsp {
    int32_t pixels, input_channels, output_channels;
    int32_t activation_min, activation_max;
    struct nn_gemm_dsp gemm;
};

void nn_pointwise_s8_dsp(const struct nn_pointwise_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch);

struct nn_pointwise_add_s8_dsp {
    struct nn_pointwise_s8_dsp conv;
    struct nn_add_s8_dsp add; /* its count is output_channels */
};

void nn_pointwise_add_s8_dsp(const struct nn_pointwise_add_s8_dsp *op, const int8_t *input, const int8_t *residual,
                             int8_t *output, void *scratch);

/* Overlapping windows, dilation 1; input_channels divisible by 4. Each input row is unpacked once for a strip of
 * 4 * columns output columns: the four pixels of a block are `columns` apart, so that their windows advance together.
 * gemm.units is KH * KW * input_channels / 4, weights in the order [KW][KH][input_channels].
 *
 * Scratch, 4-aligned: 8 * input_channels * KH * ((columns - 1) * stride_width + KW) bytes, and the tile; blocks have
 * 4 pixels if output_width is divisible by 4 * columns. Strides are not larger than the kernel.
 * A strip is finished before the next is begun; in a strip, an output row is written after all input rows of its
 * windows are unpacked. */
struct nn_conv2d_rows_s8_dsp {
    struct nn_window window;
    int32_t input_channels, output_channels;
    int32_t input_zero_point;
    int32_t activation_min, activation_max;
    int32_t columns;
    struct nn_gemm_dsp gemm;
};

void nn_conv2d_rows_s8_dsp(const struct nn_conv2d_rows_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch);

struct nn_conv2d_rows_add_s8_dsp {
    struct nn_conv2d_rows_s8_dsp conv;
    struct nn_add_s8_dsp add; /* its count is output_channels */
};

void nn_conv2d_rows_add_s8_dsp(const struct nn_conv2d_rows_add_s8_dsp *op, const int8_t *input, const int8_t *residual,
                               int8_t *output, void *scratch);

/* Any number of input channels, dilation 1: for the few channels of a first layer. For each row of outputs, the input
 * rows that its windows cover are laid out column by column, so that every window is one contiguous piece. gemm.units
 * is KW * KH * input_channels / 4, rounded up; weights in the order [KW][KH][input_channels], followed by zeros.
 *
 * Scratch, 4-aligned: 32 * units bytes; ((output_width - 1) * stride_width + KW) * KH * input_channels + 3 bytes,
 * rounded up to 4; and the tile.
 * An output row is written after all input rows of its windows are copied; the next row reads them again. */
struct nn_conv2d_narrow_s8_dsp {
    struct nn_window window;
    int32_t input_channels, output_channels;
    int32_t input_zero_point;
    int32_t activation_min, activation_max;
    struct nn_gemm_dsp gemm;
};

void nn_conv2d_narrow_s8_dsp(const struct nn_conv2d_narrow_s8_dsp *op, const int8_t *input, int8_t *output,
                             void *scratch);

/* Any window, any channels, any number of groups and images. gemm.units is KH * KW * (channels of a group / 4, rounded
 * up), weights in the order [KH][KW][channels of a group, filled up with zeros]; `groups` streams of gemm follow one
 * another, `stream_words` words each.
 *
 * Scratch, 4-aligned: 32 * units bytes, and the tile, 8 * pairs of a group. Of one image and one group, each block of 4
 * pixels is read before it is written; else the output must not overlap the input. */
struct nn_conv2d_any_s8_dsp {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels, groups;
    int32_t input_zero_point;
    int32_t activation_min, activation_max;
    int32_t stream_words;
    struct nn_gemm_dsp gemm;
};

void nn_conv2d_any_s8_dsp(const struct nn_conv2d_any_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch);

/* The same with a wide matrix product: many inputs, large biases, or unusual factors. The tile takes 40 * pairs. */
struct nn_conv2d_any_wide_s8_dsp {
    struct nn_conv2d_any_s8_dsp conv;
    struct nn_gemm_wide_dsp wide;
};

void nn_conv2d_any_wide_s8_dsp(const struct nn_conv2d_any_wide_s8_dsp *op, const int8_t *input, int8_t *output,
                               void *scratch);

#ifdef __cplusplus
}
#endif

#endif
