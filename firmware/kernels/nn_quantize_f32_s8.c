#include "nn_convert.h"
#include "nn_requant.h"
#include "nn_round.h"

void nn_quantize_f32_s8(const struct nn_quantize_f32 *op, const float *input, int8_t *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        const int32_t quantized = nn_round_half_away(input[i] / op->scale) + op->zero_point;
        output[i] = (int8_t)nn_clamp(quantized, INT8_MIN, INT8_MAX);
    }
}
