#include "nn_elementwise.h"
#include "nn_requant.h"

/* Far beyond what any zero point brings back into range, and exact in a float with room for a fraction. */
static const float LIMIT = 4096.0F;

static int32_t round_half_away(float x) {
    if (x != x) {
        return 0;
    }
    const float limited = x > LIMIT ? LIMIT : x < -LIMIT ? -LIMIT : x;
    const int32_t whole = (int32_t)limited;
    const float fraction = limited - (float)whole;
    return whole + (fraction >= 0.5F ? 1 : 0) - (fraction <= -0.5F ? 1 : 0);
}

void nn_quantize_f32_s8(const struct nn_quantize_f32_s8 *op, const float *input, int8_t *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        const int32_t quantized = round_half_away(input[i] / op->scale) + op->zero_point;
        output[i] = (int8_t)nn_clamp(quantized, INT8_MIN, INT8_MAX);
    }
}
