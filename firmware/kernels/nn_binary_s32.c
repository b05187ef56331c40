#include "nn_binary.h"
#include "nn_broadcast.h"
#include "nn_requant.h"

static int32_t add(const struct nn_binary_s32 *op, int32_t a, int32_t b) {
    return nn_clamp((int32_t)((uint32_t)a + (uint32_t)b), op->activation_min, op->activation_max);
}

static int32_t sub(const struct nn_binary_s32 *op, int32_t a, int32_t b) {
    return nn_clamp((int32_t)((uint32_t)a - (uint32_t)b), op->activation_min, op->activation_max);
}

static int32_t mul(const struct nn_binary_s32 *op, int32_t a, int32_t b) {
    return nn_clamp((int32_t)((uint32_t)a * (uint32_t)b), op->activation_min, op->activation_max);
}

static int32_t divide(const struct nn_binary_s32 *op, int32_t a, int32_t b) {
    const int32_t negated = (int32_t)(0U - (uint32_t)a); /* INT32_MIN / -1 wraps around */
    const int32_t quotient = b == 0 ? 0 : b == -1 ? negated : a / b;
    return nn_clamp(quotient, op->activation_min, op->activation_max);
}

static int32_t squared_difference(const struct nn_binary *op, int32_t a, int32_t b) {
    (void)op;
    const uint32_t difference = (uint32_t)a - (uint32_t)b;
    return (int32_t)(difference * difference);
}

NN_BROADCAST_KERNEL(nn_add_s32, nn_binary_s32, int32_t, int32_t, int32_t, add)
NN_BROADCAST_KERNEL(nn_sub_s32, nn_binary_s32, int32_t, int32_t, int32_t, sub)
NN_BROADCAST_KERNEL(nn_mul_s32, nn_binary_s32, int32_t, int32_t, int32_t, mul)
NN_BROADCAST_KERNEL(nn_div_s32, nn_binary_s32, int32_t, int32_t, int32_t, divide)
NN_BROADCAST_KERNEL(nn_squared_difference_s32, nn_binary, int32_t, int32_t, int32_t, squared_difference)
