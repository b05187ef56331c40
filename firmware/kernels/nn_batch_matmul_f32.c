#include "nn_f32.h"

#include "nn_batch_matmul_loop.h"

static float product_of(const struct nn_batch_matmul_f32 *op, const float *left, const float *right) {
    float sum = 0.0F;
    for (int32_t k = 0; k < op->shape.depth; ++k) {
        sum += *left * *right;
        left += op->shape.left_depth;
        right += op->shape.right_depth;
    }
    return sum;
}

NN_BATCH_MATMUL_KERNEL(nn_batch_matmul_f32, float, product_of)
