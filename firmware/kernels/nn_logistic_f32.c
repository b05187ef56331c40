#include "nn_f32.h"

#include "nn_exp.h"
#include "nn_unary.h"

/* Above, the result rounds to 1; below, to exp(x). */
static const float ONE_ABOVE = 16.619047164916992188F;
static const float EXPONENTIAL_BELOW = -9.0F;

static float logistic(float x) {
    if (x > ONE_ABOVE) {
        return 1.0F;
    }
    return x < EXPONENTIAL_BELOW ? nn_exp_f32_of(x) : 1.0F / (1.0F + nn_exp_f32_of(-x));
}

void nn_logistic_f32(const struct nn_unary *op, const float *input, float *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        output[i] = logistic(input[i]);
    }
}
