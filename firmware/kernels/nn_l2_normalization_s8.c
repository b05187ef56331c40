#include "nn_fixed.h"
#include "nn_normalize.h"

enum { OUTPUT_BITS = 7 };

void nn_l2_normalization_s8(const struct nn_l2_normalization *op, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < op->rows; ++row) {
        int32_t sum = 0;
        for (int32_t i = 0; i < op->depth; ++i) {
            const int32_t x = input[i] - op->zero_point;
            sum += x * x;
        }
        const struct nn_factor factor = nn_inverse_square_root(sum);
        for (int32_t i = 0; i < op->depth; ++i) {
            const int32_t x = input[i] - op->zero_point;
            const int32_t y = nn_requantize(x, factor.multiplier, factor.shift + OUTPUT_BITS);
            output[i] = (int8_t)nn_clamp(y, INT8_MIN, INT8_MAX);
        }
        input += op->depth;
        output += op->depth;
    }
}
