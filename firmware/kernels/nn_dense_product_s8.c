#include "nn_dense_product.h"
#include "nn_requant.h"

void nn_dense_product_s8(const struct nn_dense_product_s8 *op, const int8_t *data, const int8_t *weights,
                         int8_t *output) {
    for (int32_t row = 0; row < op->rows; ++row) {
        const int8_t *w = weights;
        for (int32_t unit = 0; unit < op->units; ++unit) {
            int32_t sum = op->bias ? op->bias[unit] : 0;
            for (int32_t k = 0; k < op->depth; ++k) {
                sum += (data[k] - op->data_zero_point) * (*w++ - op->weights_zero_point);
            }
            const int32_t scaled = nn_requantize(sum, op->multiplier, op->shift) + op->output_zero_point;
            *output++ = (int8_t)nn_clamp(scaled, op->activation_min, op->activation_max);
        }
        data += op->depth;
    }
}
