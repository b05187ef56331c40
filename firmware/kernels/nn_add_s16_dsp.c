#include "nn_add_s16_dsp.h"

#include "nn_conv_s16_dsp.h"
#include "nn_dsp.h"

/* Multiplies by multiplier / 2^32 and divides by 2^shift, shift at least 1, with both roundings. */
static inline int32_t rescale(int32_t x, int32_t multiplier, int32_t half, int32_t shift) {
    return nn_smmlar(x, multiplier, half + (x >> 31)) >> shift;
}

static inline int32_t add(const struct nn_add_s16_dsp *op, int32_t half, int32_t a, int32_t scaled) {
    return nn_ssat16(rescale(2 * ((a * (1 << 14)) + scaled), op->multiplier, half, op->shift));
}

void nn_add_s16_dsp(const struct nn_add_s16_dsp *op, const int16_t *input1, const int16_t *input2, int16_t *output) {
    const struct nn_add_s16_dsp local = *op; /* the output might alias *op, for all the compiler knows */
    const int32_t half = 1 << (local.shift - 1);
    const int16_t *end = input1 + local.count;
    if (local.shift2 == 0) {
        while (input1 != end) {
            const int32_t scaled = *input2++ * (1 << 14);
            *output++ = (int16_t)add(&local, half, *input1++, scaled);
        }
    } else {
        const int32_t half2 = 1 << (local.shift2 - 1);
        while (input1 != end) {
            const int32_t scaled = rescale(*input2++ * (1 << 16), local.multiplier2, half2, local.shift2);
            *output++ = (int16_t)add(&local, half, *input1++, scaled);
        }
    }
    nn_clamp_s16_dsp(output - local.count, local.count, local.activation_min, local.activation_max, 0);
}
