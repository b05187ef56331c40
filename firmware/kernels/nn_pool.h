/* Pooling and reductions, int8. */
#ifndef NN_POOL_H
#define NN_POOL_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* input [batches, H, W, channels], output [batches, OH, OW, channels], of one quantization. Dilations are 1,
 * and each window meets the image somewhere. -128 <= activation_min <= activation_max <= 127. */
struct nn_pool2d_s8 {
    struct nn_window window;
    int32_t batches, channels;
    int32_t activation_min, activation_max;
};

/* The mean of the elements inside the image, rounded half away from zero. Written pixel after pixel, like a
 * convolution. The window has at most 2^23 elements. */
void nn_average_pool2d_s8(const struct nn_pool2d_s8 *op, const int8_t *input, int8_t *output);

/* The largest of the elements inside the image. */
void nn_max_pool2d_s8(const struct nn_pool2d_s8 *op, const int8_t *input, int8_t *output);

/* Kept and reduced axes alternate in the input once neighbours of a kind are merged, and there are at most three of
 * each; unused ones have size 1 and stride 0. Strides are in elements. */
enum { NN_REDUCE_AXES = 3 };

struct nn_mean_s8 {
    int32_t kept[NN_REDUCE_AXES], kept_stride[NN_REDUCE_AXES];
    int32_t reduced[NN_REDUCE_AXES], reduced_stride[NN_REDUCE_AXES];
    int32_t sum_offset;        /* added to each sum: -(input zero point) * (elements of one sum) */
    int32_t multiplier, shift; /* as in nn_requant, but the multiplier, which includes 1 / elements, is in [0, 2^31) */
    int32_t output_zero_point;
};

/* The output may start where the input starts. At most 2^23 elements are summed. */
void nn_mean_s8(const struct nn_mean_s8 *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
