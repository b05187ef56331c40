#include "nn_f32.h"

#include "nn_reduce_loop.h"

static float add(float sum, float x) {
    return sum + x;
}

static float divide(const struct nn_sum_f32 *op, float sum) {
    return sum / op->divisor;
}

NN_REDUCE_KERNEL(nn_sum_f32, nn_sum_f32, float, float, 0.0F, add, divide)
