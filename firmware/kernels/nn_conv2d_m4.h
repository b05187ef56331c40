/* Two-dimensional convolution for cores with the DSP extension: matrix products over blocks of 4 output pixels.
 *
 * The kernels differ in how a block's windows get into the form that nn_gemm_m4.h wants. All take one image and one
 * group of channels; gemm.pairs is output_channels / 2, rounded up (an odd last channel has zeros beside it). */
#ifndef NN_CONV2D_M4_H
#define NN_CONV2D_M4_H

#include "nn_gemm_m4.h"
#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What all need that write blocks which are not full, or odd channel counts: 8 * pairs bytes of scratch memory, at its
 * end. They are not touched if the number of output pixels is divisible by 4 and output_channels is even. */

/* Any window; input_channels divisible by 4. input [H, W, input_channels], output [OH, OW, output_channels].
 * gemm.units is KH * KW * input_channels / 4, weights in the order [KH][KW][input_channels].
 *
 * Scratch, 4-aligned: 32 * units bytes, and 8 * pairs as above.
 * Pixels are computed in order, each block of 4 read before it is written. */
struct nn_conv2d_s8_m4 {
    struct nn_window window;
    int32_t input_channels, output_channels;
    int32_t input_zero_point;
    struct nn_gemm_m4 gemm;
};

void nn_conv2d_s8_m4(const struct nn_conv2d_s8_m4 *op, const int8_t *input, int8_t *output, void *scratch);

/* 1x1 windows with strides of 1; input_channels divisible by 4. input [pixels, input_channels],
 * output [pixels, output_channels]. gemm.units is input_channels / 4.
 *
 * Scratch, 4-aligned: 32 * units bytes, and 8 * pairs as above.
 * The output may start where the input starts if it has no more channels: a block of 4 is read before it is written. */
struct nn_pointwise_s8_m4 {
    int32_t pixels, input_channels, output_channels;
    struct nn_gemm_m4 gemm;
};

void nn_pointwise_s8_m4(const struct nn_pointwise_s8_m4 *op, const int8_t *input, int8_t *output, void *scratch);

/* Overlapping windows, dilation 1; input_channels divisible by 4. Each input row is unpacked once for a strip of
 * 4 * columns output columns: the four pixels of a block are `columns` apart, so that their windows advance together.
 * gemm.units is KH * KW * input_channels / 4, weights in the order [KW][KH][input_channels].
 *
 * Scratch, 4-aligned: 8 * input_channels * KH * ((columns - 1) * stride_width + KW) bytes, and 8 * pairs as above if
 * output_width % (4 * columns) != 0 or output_channels is odd. Strides are not larger than the kernel.
 * A strip is finished before the next is begun: the output must not overlap the input. */
struct nn_conv2d_rows_s8_m4 {
    struct nn_window window;
    int32_t input_channels, output_channels;
    int32_t input_zero_point;
    int32_t columns;
    struct nn_gemm_m4 gemm;
};

void nn_conv2d_rows_s8_m4(const struct nn_conv2d_rows_s8_m4 *op, const int8_t *input, int8_t *output, void *scratch);

/* Any number of input channels, dilation 1: for the few channels of a first layer. Input rows are copied with their
 * padding, windows gathered from them. gemm.units is KH * KW * input_channels / 4, rounded up; weights in the order
 * [KH][KW][input_channels], followed by zeros.
 *
 * Scratch, 4-aligned: 32 * units bytes; 4 * units + 4; KH rows of ((output_width - 1) * stride_width + KW) *
 * input_channels + 4 bytes, rounded up to 4 each; and 8 * pairs as above.
 * An output row is written after all input rows of its windows are copied. */
struct nn_conv2d_narrow_s8_m4 {
    struct nn_window window;
    int32_t input_channels, output_channels;
    int32_t input_zero_point;
    struct nn_gemm_m4 gemm;
};

void nn_conv2d_narrow_s8_m4(const struct nn_conv2d_narrow_s8_m4 *op, const int8_t *input, int8_t *output,
                            void *scratch);

#ifdef __cplusplus
}
#endif

#endif
