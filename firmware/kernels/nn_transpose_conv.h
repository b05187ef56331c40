/* Transposed convolutions. */
#ifndef NN_TRANSPOSE_CONV_H
#define NN_TRANSPOSE_CONV_H

#include "nn_conv_s16.h"
#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* input [batches, H, W, input_channels], weights [output_channels, KH, KW, input_channels],
 * output [batches, OH, OW, output_channels].
 *
 * `window` is that of the convolution whose gradient this is, so its input_height and input_width are OH and OW, and
 * its output_height and output_width are H and W. Dilations are 1. Everything else is as for the convolutions of
 * nn_conv.h, nn_conv_s16.h and nn_conv_f32.h: what zero points, factors, weights and biases may be, and that sums fit.
 *
 * All of them write one pixel (all its channels) after another; the output may start so far before the input that no
 * pixel is overwritten before its last use. */
struct nn_transpose_conv_s8 {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels;
    int32_t input_zero_point, output_zero_point;
    int32_t activation_min, activation_max;
    struct nn_requant requant;
    const int8_t *weights;
    const int32_t *bias;
};

void nn_transpose_conv_s8(const struct nn_transpose_conv_s8 *op, const int8_t *input, int8_t *output);

struct nn_transpose_conv_s16 {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels;
    struct nn_requant_s16 requant;
    const int8_t *weights;
    const int64_t *bias;
};

void nn_transpose_conv_s16(const struct nn_transpose_conv_s16 *op, const int16_t *input, int16_t *output);

/* Sums are added up in the order of the inputs, rows first, from 0, the bias last. */
struct nn_transpose_conv_f32 {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels;
    float activation_min, activation_max;
    const float *weights;
    const float *bias;
};

void nn_transpose_conv_f32(const struct nn_transpose_conv_f32 *op, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
