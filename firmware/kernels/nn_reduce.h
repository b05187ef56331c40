/* Reductions along some axes. Kept and reduced axes alternate in the input once neighbours of a kind are merged, and
 * there are at most three of each; unused ones have size 1 and stride 0. Strides are in elements. Outputs are written
 * in ascending order and may start where the input starts, if elements of both have the same size. */
#ifndef NN_REDUCE_H
#define NN_REDUCE_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_REDUCE_AXES = 3 };

struct nn_reduce_axes {
    int32_t kept[NN_REDUCE_AXES], kept_stride[NN_REDUCE_AXES];
    int32_t reduced[NN_REDUCE_AXES], reduced_stride[NN_REDUCE_AXES];
};

/* Sums and means of quantized tensors. Sums fit in int32 for all inputs. */
struct nn_sum_quantized {
    struct nn_reduce_axes axes;
    int32_t sum_offset;        /* added to each sum: -(input zero point) * (elements of one sum) */
    int32_t multiplier, shift; /* as in nn_requant, but a mean's multiplier, which has 1 / elements, is in [0, 2^31) */
    int32_t output_zero_point; /* in the range of the type */
};

void nn_sum_s8(const struct nn_sum_quantized *op, const int8_t *input, int8_t *output);
void nn_sum_s16(const struct nn_sum_quantized *op, const int16_t *input, int16_t *output);

/* Sums of floats, in the order of the input, divided by `divisor`, which is 1 for a sum. */
struct nn_sum_f32 {
    struct nn_reduce_axes axes;
    float divisor;
};

void nn_sum_f32(const struct nn_sum_f32 *op, const float *input, float *output);

/* Whether all of bytes that are 0 or 1 are 1; the largest and the smallest: of floats at least -FLT_MAX and at most
 * FLT_MAX, and not-a-numbers do not count. */
struct nn_reduce {
    struct nn_reduce_axes axes;
};

void nn_reduce_all_bool(const struct nn_reduce *op, const uint8_t *input, uint8_t *output);
void nn_reduce_max_s8(const struct nn_reduce *op, const int8_t *input, int8_t *output);
void nn_reduce_max_f32(const struct nn_reduce *op, const float *input, float *output);
void nn_reduce_min_s8(const struct nn_reduce *op, const int8_t *input, int8_t *output);
void nn_reduce_min_f32(const struct nn_reduce *op, const float *input, float *output);

/* The index along one axis of the first largest or smallest element: input [outer, size, inner], output
 * [outer, inner]. */
struct nn_arg {
    int32_t outer, size, inner;
};

void nn_arg_max_s8(const struct nn_arg *op, const int8_t *input, int32_t *output);
void nn_arg_max_f32(const struct nn_arg *op, const float *input, int32_t *output);
void nn_arg_min_s8(const struct nn_arg *op, const int8_t *input, int32_t *output);
void nn_arg_min_f32(const struct nn_arg *op, const float *input, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
