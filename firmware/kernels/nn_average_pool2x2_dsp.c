#include "nn_clamp_dsp.h"
#include "nn_dsp.h"
#include "nn_pool_dsp.h"

/* A quarter of two sums, halves away from zero: what is negative counts one less, then halves go up. */
static inline uint32_t quarter(uint32_t sums) {
    const uint32_t negative = (sums >> 15) & 0x00010001U;
    return nn_shadd16(nn_shadd16(nn_ssub16(sums, negative), 0x00020002U), 0);
}

/* All channels of the window whose upper left pixel is at `top`. */
static void average_window(const int8_t *top, int32_t channels, int32_t row_step, int8_t *output) {
    const int8_t *bottom = top + row_step;
    for (const int8_t *end = top + channels; top != end; top += 4, bottom += 4, output += 4) {
        const uint32_t word0 = nn_load_word(top);
        const uint32_t word1 = nn_load_word(top + channels);
        const uint32_t word2 = nn_load_word(bottom);
        const uint32_t word3 = nn_load_word(bottom + channels);
        uint32_t even = nn_sxtab16(nn_sxtb16(word0), word1);
        uint32_t odd = nn_sxtab16_odd(nn_sxtb16_odd(word0), word1);
        even = quarter(nn_sxtab16(nn_sxtab16(even, word2), word3));
        odd = quarter(nn_sxtab16_odd(nn_sxtab16_odd(odd, word2), word3));
        nn_store_word(output, (even & 0x00FF00FFU) | (odd & 0x00FF00FFU) << 8);
    }
}

void nn_average_pool2x2_s8_dsp(const struct nn_pool2d_s8 *op, const int8_t *input, int8_t *output) {
    const struct nn_window *window = &op->window;
    const int32_t row_step = window->input_width * op->channels;
    const int32_t rows = op->batches * window->output_height;
    int8_t *to = output;
    for (int32_t batch = 0; batch < op->batches; ++batch, input += window->input_height * row_step) {
        const int8_t *row = input;
        for (int32_t y = 0; y < window->output_height; ++y, row += window->stride_height * row_step) {
            const int8_t *from = row;
            for (int32_t x = 0; x < window->output_width; ++x, from += window->stride_width * op->channels) {
                average_window(from, op->channels, row_step, to);
                to += op->channels;
            }
        }
    }
    nn_clamp_s8_dsp(output, rows * window->output_width * op->channels, op->activation_min, op->activation_max);
}
