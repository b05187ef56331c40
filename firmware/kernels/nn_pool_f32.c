#include "nn_f32.h"

#include <float.h>

#include "nn_conv_loop.h"
#include "nn_pool.h"

static float add(float sum, float x) {
    return sum + x;
}

static float larger(float max, float x) {
    return max < x ? x : max;
}

static float mean(const struct nn_pool2d_f32 *op, float sum, int32_t count) {
    return nn_clamp_f32(sum / (float)count, op->activation_min, op->activation_max);
}

static float clamped(const struct nn_pool2d_f32 *op, float max, int32_t count) {
    (void)count;
    return nn_clamp_f32(max, op->activation_min, op->activation_max);
}

NN_POOL2D_KERNEL(nn_average_pool2d_f32, nn_pool2d_f32, float, float, 0.0F, add, mean)
NN_POOL2D_KERNEL(nn_max_pool2d_f32, nn_pool2d_f32, float, float, -FLT_MAX, larger, clamped)
