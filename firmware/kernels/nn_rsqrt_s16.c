#include "nn_fixed.h"
#include "nn_unary.h"

/* What keeps the root an integer with a fraction. */
enum { HEADROOM_BITS = 20 };

static int16_t rsqrt(const struct nn_rsqrt_s16 *op, int32_t x) {
    if (x <= 0) {
        return INT16_MAX;
    }
    const struct nn_factor root = nn_inverse_square_root(x);
    const int32_t scaled = nn_requantize(1, root.multiplier, root.shift + HEADROOM_BITS);
    const int32_t y = nn_requantize(scaled, op->multiplier, op->shift - HEADROOM_BITS);
    return (int16_t)nn_clamp(y, INT16_MIN, INT16_MAX);
}

void nn_rsqrt_s16(const struct nn_rsqrt_s16 *op, const int16_t *input, int16_t *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        output[i] = rsqrt(op, input[i]);
    }
}
