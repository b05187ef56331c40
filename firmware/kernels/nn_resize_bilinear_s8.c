#include "nn_resize.h"

enum { ONE = 1 << 10, HALF = 1 << 19, SHIFT = 20 };

/* All channels of one output pixel, between four input pixels. Quotients are rounded to nearest, halves away from zero.
 */
static int8_t *interpolate(const int8_t *const corners[4], const int32_t weights[4], int32_t channels, int8_t *output) {
    const int8_t *a = corners[0], *b = corners[1], *c = corners[2], *d = corners[3];
    const int32_t weight_a = weights[0], weight_b = weights[1], weight_c = weights[2], weight_d = weights[3];
    for (int8_t *end = output + channels; output != end;) {
        const int32_t sum = *a++ * weight_a + *b++ * weight_b + *c++ * weight_c + *d++ * weight_d;
        *output++ = (int8_t)((sum + HALF + (sum >> 31)) >> SHIFT);
    }
    return output;
}

void nn_resize_bilinear_s8(const struct nn_resize_bilinear_s8 *op, const int8_t *input, int8_t *output) {
    const ptrdiff_t row_size = (ptrdiff_t)op->input_width * op->channels;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < op->output_height; ++y) {
            const int16_t *row = op->rows + 3 * y;
            const int8_t *upper = input + row[0] * row_size;
            const int8_t *lower = input + row[1] * row_size;
            for (int32_t x = 0; x < op->output_width; ++x) {
                const int16_t *column = op->columns + 3 * x;
                const ptrdiff_t left = (ptrdiff_t)column[0] * op->channels;
                const ptrdiff_t right = (ptrdiff_t)column[1] * op->channels;
                const int8_t *const corners[4] = {upper + left, lower + left, upper + right, lower + right};
                const int32_t weights[4] = {(ONE - row[2]) * (ONE - column[2]), row[2] * (ONE - column[2]),
                                            (ONE - row[2]) * column[2], row[2] * column[2]};
                output = interpolate(corners, weights, op->channels, output);
            }
        }
        input += op->input_height * row_size;
    }
}
