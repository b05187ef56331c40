#include "nn_f32.h"

#include "nn_cumsum_loop.h"

static void sum_line(const struct nn_cumsum_f32 *op, const float *input, float *output, ptrdiff_t step) {
    float sum = 0.0F;
    for (int32_t i = 0; i < op->shape.count; ++i) {
        const float before = sum;
        sum += input[i * step];
        output[i * step] = op->shape.exclusive ? before : sum;
    }
}

NN_CUMSUM_KERNEL(nn_cumsum_f32, float, sum_line)
