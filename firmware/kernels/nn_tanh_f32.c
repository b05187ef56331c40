#include "nn_f32.h"

#include "nn_expm1.h"
#include "nn_unary.h"

/* From here on 1 is the nearest float. */
static const float ONE_FROM = 22.0F;
static const float ITSELF_BELOW = 0x1p-55F;

/* Of a number that is not negative. */
static float tanh_of_magnitude(float x) {
    if (x >= ONE_FROM) {
        return 1.0F;
    }
    if (x < ITSELF_BELOW) {
        return x;
    }
    if (x >= 1.0F) {
        return 1.0F - 2.0F / (nn_expm1_f32_of(2.0F * x) + 2.0F);
    }
    const float t = nn_expm1_f32_of(-2.0F * x);
    return -t / (t + 2.0F);
}

void nn_tanh_f32(const struct nn_unary *op, const float *input, float *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        const float x = input[i];
        output[i] = x != x ? x : nn_with_sign_f32(tanh_of_magnitude(nn_with_sign_f32(x, 0)), nn_bits_f32(x));
    }
}
