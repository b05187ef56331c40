/* Convolutions and dense layers, int16 activations with zero points of 0, int8 weights that are symmetric, int64 sums
 * and biases. `bias` may be NULL. Otherwise as the kernels of nn_conv.h. */
#ifndef NN_CONV_S16_H
#define NN_CONV_S16_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Real rescaling factors as multiplier * 2^-shift, multiplier in [0, 2^15), shift in [8, 46]; one for each output
 * channel if per_channel is 1, one for all of them if it is 0. Products with sums fit in int64, and the results in
 * int32. */
struct nn_requant_s16 {
    const int16_t *multiplier;
    const int8_t *shift;
    int32_t per_channel;
    int32_t activation_min, activation_max;
};

struct nn_conv2d_s16 {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels, groups;
    struct nn_requant_s16 requant;
    const int8_t *weights;
    const int64_t *bias;
};

void nn_conv2d_s16(const struct nn_conv2d_s16 *op, const int16_t *input, int16_t *output);

struct nn_depthwise_conv2d_s16 {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, multiplier;
    struct nn_requant_s16 requant;
    const int8_t *weights;
    const int64_t *bias;
};

void nn_depthwise_conv2d_s16(const struct nn_depthwise_conv2d_s16 *op, const int16_t *input, int16_t *output);

struct nn_fully_connected_s16 {
    int32_t batches;
    int32_t input_size, output_size;
    struct nn_requant_s16 requant;
    const int8_t *weights;
    const int64_t *bias;
};

void nn_fully_connected_s16(const struct nn_fully_connected_s16 *op, const int16_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
