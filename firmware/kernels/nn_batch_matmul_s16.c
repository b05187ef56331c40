#include "nn_batch_matmul_loop.h"
#include "nn_requant.h"

static int16_t product_of(const struct nn_batch_matmul_s16 *op, const int16_t *left, const int16_t *right) {
    int64_t sum = 0;
    for (int32_t k = 0; k < op->shape.depth; ++k) {
        sum += *left * *right;
        left += op->shape.left_depth;
        right += op->shape.right_depth;
    }
    const int64_t scaled = (sum * op->multiplier + (INT64_C(1) << (op->shift - 1))) >> op->shift;
    return (int16_t)nn_clamp((int32_t)scaled, INT16_MIN, INT16_MAX);
}

NN_BATCH_MATMUL_KERNEL(nn_batch_matmul_s16, int16_t, product_of)
