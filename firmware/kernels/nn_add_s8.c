#include "nn_broadcast.h"
#include "nn_elementwise.h"
#include "nn_requant.h"

/* The inputs are scaled up by this many bits, so that the sum keeps its precision. */
enum { HEADROOM_BITS = 20 };

static int8_t add(const struct nn_add_s8 *op, int32_t a, int32_t b) {
    const int32_t shifted1 = (a - op->zero_point1) * (1 << HEADROOM_BITS);
    const int32_t shifted2 = (b - op->zero_point2) * (1 << HEADROOM_BITS);
    const int32_t sum =
        nn_requantize(shifted1, op->multiplier1, op->shift1) + nn_requantize(shifted2, op->multiplier2, op->shift2);
    const int32_t scaled = nn_requantize(sum, op->output_multiplier, op->output_shift);
    return (int8_t)nn_clamp(scaled + op->output_zero_point, op->activation_min, op->activation_max);
}

void nn_add_s8(const struct nn_add_s8 *op, const int8_t *input1, const int8_t *input2, int8_t *output) {
    const int32_t last = NN_MAX_RANK - 1;
    struct nn_row row = {0, 0, {0}};
    do {
        const int8_t *a = input1 + row.offset1;
        const int8_t *b = input2 + row.offset2;
        for (int32_t i = 0; i < op->shape.dims[last]; ++i) {
            *output++ = add(op, *a, *b);
            a += op->shape.stride1[last];
            b += op->shape.stride2[last];
        }
    } while (nn_next_row(&op->shape, &row));
}
