#include "nn_f32.h"

#include "nn_dense_product.h"

void nn_dense_product_f32(const struct nn_dense_product_f32 *op, const float *data, const float *weights,
                          float *output) {
    for (int32_t row = 0; row < op->rows; ++row) {
        const float *w = weights;
        for (int32_t unit = 0; unit < op->units; ++unit) {
            float sum = 0.0F;
            for (int32_t k = 0; k < op->depth; ++k) {
                sum += data[k] * *w++;
            }
            sum += op->bias ? op->bias[unit] : 0.0F;
            *output++ = nn_clamp_f32(sum, op->activation_min, op->activation_max);
        }
        data += op->depth;
    }
}
