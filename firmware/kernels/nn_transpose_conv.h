/* Transposed convolution, int8 activations and weights, int32 accumulators. */
#ifndef NN_TRANSPOSE_CONV_H
#define NN_TRANSPOSE_CONV_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* input [batches, H, W, input_channels], weights [output_channels, KH, KW, input_channels],
 * output [batches, OH, OW, output_channels].
 *
 * `window` is that of the convolution whose gradient this is, so its input_height and input_width are OH and OW, and
 * its output_height and output_width are H and W. Dilations are 1. Everything else is as in nn_conv.h: zero points in
 * [-128, 127], symmetric weights, -128 <= activation_min <= activation_max <= 127, `bias` may be NULL, and the
 * accumulator fits in int32 for every possible input. */
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

/* Writes one pixel (all its channels) after another; the output may start so far before the input that no pixel is
 * overwritten before its last use. */
void nn_transpose_conv_s8(const struct nn_transpose_conv_s8 *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
