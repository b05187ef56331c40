/* Two-dimensional convolution for cores with the DSP extension, as a matrix product over blocks of 4 output pixels. */
#ifndef NN_CONV2D_M4_H
#define NN_CONV2D_M4_H

#include "nn_gemm_m4.h"
#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* input [H, W, input_channels], output [OH, OW, output_channels]; one image, one group, any window.
 * gemm.units is KH * KW * input_channels / 4, rounded up: the weights of a channel in the order [KH][KW][input_channels],
 * followed by zeros. gemm.pairs is output_channels / 2, rounded up: an odd last channel has zeros beside it. */
struct nn_conv2d_s8_m4 {
    struct nn_window window;
    int32_t input_channels, output_channels;
    int32_t input_zero_point;
    struct nn_gemm_m4 gemm;
};

/* The scratch memory a convolution needs, in bytes, 4-aligned:
 *     32 * units                                        the input block
 *     + 4 * units     if input_channels % 4 != 0        one pixel's window, gathered
 *     + 8 * pairs     if the last block is not full, or output_channels is odd    outputs on their way
 *
 * Pixels are computed in order, each block of 4 read before it is written: the output may start where the input starts
 * if the window is 1x1 with strides of 1 and there are at most as many output channels as input channels. */
void nn_conv2d_s8_m4(const struct nn_conv2d_s8_m4 *op, const int8_t *input, int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
