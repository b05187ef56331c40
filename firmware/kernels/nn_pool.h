/* Pooling. */
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

/* The same for int16, with sums that fit in int32: a window has at most 2^15 elements. */
struct nn_pool2d_s16 {
    struct nn_window window;
    int32_t batches, channels;
    int32_t activation_min, activation_max;
};

void nn_average_pool2d_s16(const struct nn_pool2d_s16 *op, const int16_t *input, int16_t *output);
void nn_max_pool2d_s16(const struct nn_pool2d_s16 *op, const int16_t *input, int16_t *output);

/* The same for floats: sums in the order of the window; the largest is at least -FLT_MAX, and not-a-numbers do not
 * count. */
struct nn_pool2d_f32 {
    struct nn_window window;
    int32_t batches, channels;
    float activation_min, activation_max;
};

void nn_average_pool2d_f32(const struct nn_pool2d_f32 *op, const float *input, float *output);
void nn_max_pool2d_f32(const struct nn_pool2d_f32 *op, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
