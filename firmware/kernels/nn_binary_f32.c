#include "nn_binary.h"
#include "nn_broadcast.h"
#include "nn_f32.h"

static float add(const struct nn_binary_f32 *op, float a, float b) {
    return nn_clamp_f32(a + b, op->activation_min, op->activation_max);
}

static float sub(const struct nn_binary_f32 *op, float a, float b) {
    return nn_clamp_f32(a - b, op->activation_min, op->activation_max);
}

static float mul(const struct nn_binary_f32 *op, float a, float b) {
    return nn_clamp_f32(a * b, op->activation_min, op->activation_max);
}

static float divide(const struct nn_binary_f32 *op, float a, float b) {
    return nn_clamp_f32(a / b, op->activation_min, op->activation_max);
}

static float squared_difference(const struct nn_binary *op, float a, float b) {
    (void)op;
    return (a - b) * (a - b);
}

static float prelu(const struct nn_binary *op, float x, float alpha) {
    (void)op;
    return x >= 0.0F ? x : x * alpha;
}

NN_BROADCAST_KERNEL(nn_add_f32, nn_binary_f32, float, float, float, add)
NN_BROADCAST_KERNEL(nn_sub_f32, nn_binary_f32, float, float, float, sub)
NN_BROADCAST_KERNEL(nn_mul_f32, nn_binary_f32, float, float, float, mul)
NN_BROADCAST_KERNEL(nn_div_f32, nn_binary_f32, float, float, float, divide)
NN_BROADCAST_KERNEL(nn_squared_difference_f32, nn_binary, float, float, float, squared_difference)
NN_BROADCAST_KERNEL(nn_prelu_f32, nn_binary, float, float, float, prelu)
