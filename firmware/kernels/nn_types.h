/* What all kernels share: shapes, windows, requantization tables.
 *
 * A kernel is a function of a constant parameter struct (shapes, tables, quantization constants; made at generation
 * time, checked there), its input and output tensors, and, for some, caller-owned scratch memory. Kernels keep no
 * state, allocate nothing, call nothing but each other and the compiler's memcpy and memset, and use no floating point
 * unless their name has f32 in it or they are given floats (nn_cast). Tensors are dense, row-major, NHWC.
 *
 * The portable kernels define the results: they equal TensorFlow Lite Micro's on every byte, and a specialised kernel
 * must equal them. Right shifts of negative numbers are arithmetic, as with every compiler this is built with.
 */
#ifndef NN_TYPES_H
#define NN_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* Generated code is checked against this: kernels and model.c must come from the same release. */
#define NN_INTERFACE_VERSION 1

/* The highest rank of a tensor. */
enum { NN_MAX_RANK = 6 };

/* A window sliding over height and width, in elements. Output position y covers the input rows
 * y * stride_height - pad_top + k * dilation_height for 0 <= k < kernel_height; rows outside the image do not count.
 * Sizes, strides and dilations are at least 1, paddings at least 0. */
struct nn_window {
    int32_t input_height, input_width;
    int32_t output_height, output_width;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
};

/* Real rescaling factors as multiplier * 2^(shift - 31): multiplier is 0 or in [2^30, 2^31), shift in [-31, 31].
 * One for each output channel if per_channel is 1, one for all of them if it is 0. */
struct nn_requant {
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t per_channel;
};

/* Two inputs broadcast to one output: `dims` is the output's shape, padded with ones at the front; a stride is how many
 * elements an input moves per index, 0 where it is repeated. */
struct nn_broadcast {
    int32_t dims[NN_MAX_RANK];
    int32_t stride1[NN_MAX_RANK];
    int32_t stride2[NN_MAX_RANK];
};

#endif
