#include "nn_sigmoid.h"

void nn_logistic_s16(const struct nn_sigmoid_s16 *op, const int16_t *input, int16_t *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        const int32_t x = nn_sigmoid_input(op, input[i]);
        const uint32_t magnitude = (uint32_t)(x < 0 ? -x : x);
        /* 25 fractional bits; past the table's end 1 - 2^-15. */
        const uint32_t y = magnitude >> 9 < 255 ? nn_sigmoid_between(op, magnitude, 9) : UINT32_C(0x7fff) << 10;
        const uint32_t rounded = x < 0 ? (UINT32_C(1) << 25) - y + (1 << 9) - 1 : y + (1 << 9);
        output[i] = (int16_t)(rounded >> 10);
    }
}
