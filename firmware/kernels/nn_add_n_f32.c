#include "nn_f32.h"

#include "nn_add_n.h"

void nn_add_n_f32(const struct nn_add_n_f32 *op, const void *const *inputs, float *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        float sum = 0.0F;
        for (int32_t k = 0; k < op->inputs; ++k) {
            sum += ((const float *)inputs[k])[i];
        }
        output[i] = sum;
    }
}
