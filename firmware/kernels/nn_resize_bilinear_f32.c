#include "nn_f32.h"

#include "nn_resize.h"

/* All channels of one output pixel, between four input pixels: upper left, lower left, upper right, lower right. */
static float *interpolate(const float *const corners[4], float y, float x, int32_t channels, float *output) {
    for (int32_t c = 0; c < channels; ++c) {
        const float upper_left = corners[0][c] * (1.0F - y) * (1.0F - x);
        const float lower_left = corners[1][c] * y * (1.0F - x);
        const float upper_right = corners[2][c] * (1.0F - y) * x;
        const float lower_right = corners[3][c] * y * x;
        /* Adding 0 leaves no negative zero. */
        *output++ = upper_left + lower_left + upper_right + lower_right + 0.0F;
    }
    return output;
}

void nn_resize_bilinear_f32(const struct nn_resize_bilinear_f32 *op, const float *input, float *output) {
    const ptrdiff_t row_size = (ptrdiff_t)op->input_width * op->channels;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < op->output_height; ++y) {
            const float *upper = input + op->rows[2 * y] * row_size;
            const float *lower = input + op->rows[2 * y + 1] * row_size;
            for (int32_t x = 0; x < op->output_width; ++x) {
                const ptrdiff_t left = (ptrdiff_t)op->columns[2 * x] * op->channels;
                const ptrdiff_t right = (ptrdiff_t)op->columns[2 * x + 1] * op->channels;
                const float *const corners[4] = {upper + left, lower + left, upper + right, lower + right};
                output = interpolate(corners, op->row_weights[y], op->column_weights[x], op->channels, output);
            }
        }
        input += op->input_height * row_size;
    }
}
