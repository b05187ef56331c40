/* Convolutions and fully connected layers, int8 activations and weights, int32 accumulators.
 *
 * For all of them: zero points are in [-128, 127], weights are symmetric (their zero point is 0), the activation range
 * satisfies -128 <= activation_min <= activation_max <= 127, `bias` may be NULL, and the accumulator fits in int32 for
 * every possible input (checked at generation time). */
#ifndef NN_CONV_H
#define NN_CONV_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* input [batches, H, W, input_channels], weights [output_channels, KH, KW, input_channels / groups],
 * output [batches, OH, OW, output_channels]. `groups` divides both channel counts. */
struct nn_conv2d_s8 {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels, groups;
    int32_t input_zero_point, output_zero_point;
    int32_t activation_min, activation_max;
    struct nn_requant requant;
    const int8_t *weights;
    const int32_t *bias;
};

/* Writes one pixel (all its channels) after another; the output may start so far before the input that no pixel is
 * overwritten before the last window that covers it. */
void nn_conv2d_s8(const struct nn_conv2d_s8 *op, const int8_t *input, int8_t *output);

/* input [batches, H, W, input_channels], weights [KH, KW, input_channels * multiplier],
 * output [batches, OH, OW, input_channels * multiplier]. */
struct nn_depthwise_conv2d_s8 {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, multiplier;
    int32_t input_zero_point, output_zero_point;
    int32_t activation_min, activation_max;
    struct nn_requant requant;
    const int8_t *weights;
    const int32_t *bias;
};

/* Writes one pixel after another, like nn_conv2d_s8. */
void nn_depthwise_conv2d_s8(const struct nn_depthwise_conv2d_s8 *op, const int8_t *input, int8_t *output);

/* input [batches, input_size], weights [output_size, input_size], output [batches, output_size]. */
struct nn_fully_connected_s8 {
    int32_t batches;
    int32_t input_size, output_size;
    int32_t input_zero_point, output_zero_point;
    int32_t activation_min, activation_max;
    struct nn_requant requant;
    const int8_t *weights;
    const int32_t *bias;
};

/* Writes one batch after another; a batch's output must not overlap its input. */
void nn_fully_connected_s8(const struct nn_fully_connected_s8 *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
