#include "nn_resize.h"

enum { ONE = 1 << 10, HALF = 1 << 19, SHIFT = 20 };

/* All channels of one output pixel, between four input pixels. */
static int8_t *interpolate(const int8_t *const corners[4], const int32_t weights[4], int32_t channels, int8_t *output) {
    for (int32_t c = 0; c < channels; ++c) {
        int32_t sum = 0;
        for (int i = 0; i < 4; ++i) {
            sum += corners[i][c] * weights[i];
        }
        *output++ = (int8_t)((sum + (sum > 0 ? HALF : -HALF)) / (1 << SHIFT));
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
