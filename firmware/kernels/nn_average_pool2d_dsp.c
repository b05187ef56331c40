#include "nn_dsp.h"
#include "nn_pool_dsp.h"
#include "nn_requant.h"
#include "nn_window.h"

/* The part of a window inside the image, for four channels. */
struct area {
    const int8_t *input; /* its first pixel, at the first of the channels */
    int32_t rows, columns;
    int32_t row_step, column_step; /* bytes */
};

static int32_t mean(const struct nn_pool2d_s8 *op, int32_t sum, int32_t count) {
    const int32_t half = count / 2;
    return nn_clamp((sum > 0 ? sum + half : sum - half) / count, op->activation_min, op->activation_max);
}

/* 16-bit sums: up to 256 elements in [-128, 127]. */
static uint32_t average(const struct nn_pool2d_s8 *op, const struct area *area) {
    const int32_t count = area->rows * area->columns;
    const int32_t step = area->column_step;
    const int8_t *row = area->input;
    uint32_t even = 0;
    uint32_t odd = 0;
    for (int32_t y = 0; y < area->rows; ++y, row += area->row_step) {
        const int8_t *pixel = row;
        for (int32_t left = area->columns; left > 0; --left, pixel += step) {
            const uint32_t word = nn_load_word(pixel);
            even = nn_sxtab16(even, word);
            odd = nn_sxtab16_odd(odd, word);
        }
    }
    const int32_t sums[] = {(int16_t)even, (int16_t)odd, (int32_t)even >> 16, (int32_t)odd >> 16};
    uint32_t means = 0;
#pragma GCC unroll 1
    for (int32_t c = 3; c >= 0; --c) {
        means = means << 8 | (uint8_t)mean(op, sums[c], count);
    }
    return means;
}

void nn_average_pool2d_s8_dsp(const struct nn_pool2d_s8 *op, const int8_t *input, int8_t *output) {
    const struct nn_window *window = &op->window;
    const int32_t row_step = window->input_width * op->channels;
    for (int32_t batch = 0; batch < op->batches; ++batch, input += window->input_height * row_step) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            const struct nn_span rows = nn_window_rows(window, y);
            for (int32_t x = 0; x < window->output_width; ++x) {
                const struct nn_span columns = nn_window_columns(window, x);
                const int8_t *first =
                    input + (rows.origin + rows.begin) * row_step + (columns.origin + columns.begin) * op->channels;
                struct area area = {first, rows.end - rows.begin, columns.end - columns.begin, row_step, op->channels};
                /* A window as wide as the image is one long row. */
                if (area.columns == window->input_width) {
                    area.columns *= area.rows;
                    area.rows = 1;
                }
                for (int32_t left = op->channels; left > 0; left -= 4, area.input += 4, output += 4) {
                    const int32_t again = left < 4 ? 4 - left : 0; /* of the channels before */
                    area.input -= again;
                    output -= again;
                    nn_store_word(output, average(op, &area));
                }
            }
        }
    }
}
