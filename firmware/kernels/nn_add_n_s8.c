#include "nn_add_n.h"
#include "nn_requant.h"

/* The inputs' scale is half the common one that sums are rescaled from, which is 2^20 times finer. */
enum { HEADROOM_BITS = 19 };

void nn_add_n_s8(const struct nn_add_n_s8 *op, const void *const *inputs, int8_t *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        int32_t sum = op->offset;
        for (int32_t k = 0; k < op->inputs; ++k) {
            sum += ((const int8_t *)inputs[k])[i];
        }
        const int32_t scaled = nn_requantize(sum * (1 << HEADROOM_BITS), op->multiplier, op->shift);
        output[i] = (int8_t)nn_clamp(scaled + op->output_zero_point, INT8_MIN, INT8_MAX);
    }
}
