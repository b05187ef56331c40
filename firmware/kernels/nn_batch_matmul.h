/* Products of matrices, int8. */
#ifndef NN_BATCH_MATMUL_H
#define NN_BATCH_MATMUL_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_MATMUL_BATCH_AXES = 3 };

/* For each index of the three batch axes, [rows, depth] times [depth, columns] gives [rows, columns], one after
 * another. Strides are in elements: left_batch and right_batch per index of a batch axis, 0 where one matrix serves
 * all; left_row and left_depth, right_depth and right_column within a matrix. Zero points in [-128, 127], multiplier
 * and shift as in nn_requant. depth is at most 33025, so that sums fit in int32. */
struct nn_batch_matmul_s8 {
    int32_t batches[NN_MATMUL_BATCH_AXES];
    int32_t left_batch[NN_MATMUL_BATCH_AXES];
    int32_t right_batch[NN_MATMUL_BATCH_AXES];
    int32_t rows, depth, columns;
    int32_t left_row, left_depth;
    int32_t right_depth, right_column;
    int32_t left_zero_point, right_zero_point, output_zero_point;
    int32_t multiplier, shift;
};

void nn_batch_matmul_s8(const struct nn_batch_matmul_s8 *op, const int8_t *left, const int8_t *right, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
