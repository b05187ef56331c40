#include "nn_sigmoid.h"

/* tanh(x) = 2 * logistic(2 * x) - 1. */
void nn_tanh_s16(const struct nn_sigmoid_s16 *op, const int16_t *input, int16_t *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        const int32_t x = nn_sigmoid_input(op, input[i]);
        const uint32_t magnitude = (uint32_t)(x < 0 ? -x : x);
        /* 24 fractional bits; past the table's end 1 - 2^-16. */
        const uint32_t y = magnitude >> 8 < 255 ? nn_sigmoid_between(op, magnitude, 8) : UINT32_C(0xffff) << 8;
        const int32_t above_half = (int32_t)y - (1 << 23);
        const int32_t rounded = x < 0 ? (1 << 7) - 1 - above_half : above_half + (1 << 7);
        output[i] = (int16_t)(rounded >> 8);
    }
}
