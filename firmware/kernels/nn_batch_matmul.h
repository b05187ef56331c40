/* Products of matrices. */
#ifndef NN_BATCH_MATMUL_H
#define NN_BATCH_MATMUL_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_MATMUL_BATCH_AXES = 3 };

/* For each index of the three batch axes, [rows, depth] times [depth, columns] gives [rows, columns], one after
 * another. Strides are in elements: left_batch and right_batch per index of a batch axis, 0 where one matrix serves
 * all; left_row and left_depth, right_depth and right_column within a matrix. */
struct nn_matmul {
    int32_t batches[NN_MATMUL_BATCH_AXES];
    int32_t left_batch[NN_MATMUL_BATCH_AXES];
    int32_t right_batch[NN_MATMUL_BATCH_AXES];
    int32_t rows, depth, columns;
    int32_t left_row, left_depth;
    int32_t right_depth, right_column;
};

/* Zero points in [-128, 127], multiplier and shift as in nn_requant. depth is at most 33025, so that sums fit in int32.
 */
struct nn_batch_matmul_s8 {
    struct nn_matmul shape;
    int32_t left_zero_point, right_zero_point, output_zero_point;
    int32_t multiplier, shift;
};

void nn_batch_matmul_s8(const struct nn_batch_matmul_s8 *op, const int8_t *left, const int8_t *right, int8_t *output);

/* Zero points are 0; multiplier and shift are entries of nn_requant_s16 in nn_conv_s16.h. depth is at most 2^17. */
struct nn_batch_matmul_s16 {
    struct nn_matmul shape;
    int32_t multiplier, shift;
};

void nn_batch_matmul_s16(const struct nn_batch_matmul_s16 *op, const int16_t *left, const int16_t *right,
                         int16_t *output);

/* Products are added up in the order of the depth, from 0. */
struct nn_batch_matmul_f32 {
    struct nn_matmul shape;
};

void nn_batch_matmul_f32(const struct nn_batch_matmul_f32 *op, const float *left, const float *right, float *output);

#ifdef __cplusplus
}
#endif

#endif
