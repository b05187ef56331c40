#include "nn_f32.h"

#include "nn_unary.h"

static float absolute(float x) {
    return nn_with_sign_f32(x, 0);
}

static float negated(float x) {
    return -x;
}

static float relu(float x) {
    return x < 0.0F ? 0.0F : x;
}

static float relu6(float x) {
    return x > 6.0F ? 6.0F : x < 0.0F ? 0.0F : x;
}

static float hard_swish(float x) {
    const float shifted = x + 3.0F;
    const float raised = 0.0F < shifted ? shifted : 0.0F;
    const float limited = raised < 6.0F ? raised : 6.0F;
    return x * limited / 6.0F;
}

static float square(float x) {
    return x * x;
}

static float rounded(float x) {
    const float below = nn_floor_f32_of(x);
    const float rest = x - below;
    return rest < 0.5F || (rest == 0.5F && nn_is_even_f32(below)) ? below : below + 1.0F;
}

static float ceiling(float x) {
    return -nn_floor_f32_of(-x);
}

static float inverse_square_root(float x) {
    return 1.0F / nn_sqrt_f32_of(x);
}

#define UNARY_KERNEL(name, function)                                                                                   \
    void name(const struct nn_unary *op, const float *input, float *output) {                                          \
        for (int32_t i = 0; i < op->count; ++i) {                                                                      \
            output[i] = function(input[i]);                                                                            \
        }                                                                                                              \
    }

UNARY_KERNEL(nn_abs_f32, absolute)
UNARY_KERNEL(nn_ceil_f32, ceiling)
UNARY_KERNEL(nn_floor_f32, nn_floor_f32_of)
UNARY_KERNEL(nn_hard_swish_f32, hard_swish)
UNARY_KERNEL(nn_neg_f32, negated)
UNARY_KERNEL(nn_relu_f32, relu)
UNARY_KERNEL(nn_relu6_f32, relu6)
UNARY_KERNEL(nn_round_f32, rounded)
UNARY_KERNEL(nn_rsqrt_f32, inverse_square_root)
UNARY_KERNEL(nn_sqrt_f32, nn_sqrt_f32_of)
UNARY_KERNEL(nn_square_f32, square)
