/* Convolutions and dense layers of floats; sums are added up in the order of the filter, from 0, the bias last. `bias`
 * may be NULL, which adds 0; activation_min <= activation_max. Otherwise as the kernels of nn_conv.h. */
#ifndef NN_CONV_F32_H
#define NN_CONV_F32_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct nn_conv2d_f32 {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels, groups;
    float activation_min, activation_max;
    const float *weights;
    const float *bias;
};

void nn_conv2d_f32(const struct nn_conv2d_f32 *op, const float *input, float *output);

struct nn_depthwise_conv2d_f32 {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, multiplier;
    float activation_min, activation_max;
    const float *weights;
    const float *bias;
};

void nn_depthwise_conv2d_f32(const struct nn_depthwise_conv2d_f32 *op, const float *input, float *output);

struct nn_fully_connected_f32 {
    int32_t batches;
    int32_t input_size, output_size;
    float activation_min, activation_max;
    const float *weights;
    const float *bias;
};

void nn_fully_connected_f32(const struct nn_fully_connected_f32 *op, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
