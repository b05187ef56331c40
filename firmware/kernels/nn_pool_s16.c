#include "nn_conv_loop.h"
#include "nn_pool.h"
#include "nn_requant.h"

static int32_t add(int32_t sum, int32_t x) {
    return sum + x;
}

static int32_t larger(int32_t max, int32_t x) {
    return x > max ? x : max;
}

static int16_t mean(const struct nn_pool2d_s16 *op, int32_t sum, int32_t count) {
    const int32_t rounded = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
    return (int16_t)nn_clamp(rounded, op->activation_min, op->activation_max);
}

static int16_t clamped(const struct nn_pool2d_s16 *op, int32_t max, int32_t count) {
    (void)count;
    return (int16_t)nn_clamp(max, op->activation_min, op->activation_max);
}

NN_POOL2D_KERNEL(nn_average_pool2d_s16, nn_pool2d_s16, int16_t, int32_t, 0, add, mean)
NN_POOL2D_KERNEL(nn_max_pool2d_s16, nn_pool2d_s16, int16_t, int32_t, INT16_MIN, larger, clamped)
