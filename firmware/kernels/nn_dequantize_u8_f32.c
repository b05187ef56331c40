#include "nn_convert.h"

void nn_dequantize_u8_f32(const struct nn_dequantize_f32 *op, const uint8_t *input, float *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        output[i] = op->scale * (float)(input[i] - op->zero_point);
    }
}
