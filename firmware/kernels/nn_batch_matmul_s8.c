#include "nn_batch_matmul_loop.h"
#include "nn_requant.h"

static int8_t product_of(const struct nn_batch_matmul_s8 *op, const int8_t *left, const int8_t *right) {
    int32_t sum = 0;
    for (int32_t k = 0; k < op->shape.depth; ++k) {
        sum += (*left - op->left_zero_point) * (*right - op->right_zero_point);
        left += op->shape.left_depth;
        right += op->shape.right_depth;
    }
    const int32_t scaled = nn_requantize(sum, op->multiplier, op->shift) + op->output_zero_point;
    return (int8_t)nn_clamp(scaled, INT8_MIN, INT8_MAX);
}

NN_BATCH_MATMUL_KERNEL(nn_batch_matmul_s8, int8_t, product_of)
