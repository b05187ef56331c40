#include "nn_conv2d_dsp.h"

#include <string.h>

#include "nn_clamp_dsp.h"

enum { WORD = 4 };

/* The input rows that a row of windows covers, column by column: [columns][KH][channels], so that every window is one
 * piece. Columns of padding are filled once and for all. */
struct strip {
    int8_t *data;
    int32_t columns;
    int32_t pitch; /* bytes of a column */
    int8_t *image; /* the first column of the image */
    int32_t width; /* columns of the image */
};

static struct strip lay_out(const struct nn_conv2d_narrow_s8_dsp *op, int8_t *data) {
    const struct nn_window *window = &op->window;
    const int32_t columns = (window->output_width - 1) * window->stride_width + window->kernel_width;
    const int32_t pitch = window->kernel_height * op->input_channels;
    const int32_t room = columns - window->pad_left;
    const struct strip strip = {data, columns, pitch, data + window->pad_left * pitch,
                                room < window->input_width ? room : window->input_width};
    return strip;
}

/* One row of the image into its place in each column. */
static void copy_row(const int8_t *from, int32_t pixels, int32_t channels, int8_t *to, int32_t pitch) {
    if (channels == 1) {
        for (; pixels > 0; --pixels, from += 1, to += pitch) {
            *to = *from;
        }
        return;
    }
    if (channels == 2) {
        for (; pixels > 0; --pixels, from += 2, to += pitch) {
            memcpy(to, from, 2);
        }
        return;
    }
    if (channels == 3) { /* two loads and two stores */
        for (; pixels > 0; --pixels, from += 3, to += pitch) {
            memcpy(to, from, 3);
        }
        return;
    }
    for (; pixels > 0; --pixels, to += pitch - channels) {
        int32_t left = channels;
        for (; left >= WORD; left -= WORD, from += WORD, to += WORD) {
            nn_store_word(to, nn_load_word(from));
        }
        for (; left > 0; --left) {
            *to++ = *from++;
        }
    }
}

/* The same of a row of padding. */
static void pad_row(int32_t zero_point, int32_t pixels, int32_t channels, int8_t *to, int32_t pitch) {
    for (; pixels > 0; --pixels, to += pitch) {
        for (int32_t c = 0; c < channels; ++c) {
            to[c] = (int8_t)zero_point;
        }
    }
}

/* The rows that the windows of output row `y` cover. Where there are rows of padding above the image now, nothing but
 * padding has ever been. */
static void load_rows(const struct nn_conv2d_narrow_s8_dsp *op, const struct strip *strip, const int8_t *input,
                      int32_t y) {
    const struct nn_window *window = &op->window;
    const int32_t channels = op->input_channels;
    int32_t row = y * window->stride_height - window->pad_top;
    int8_t *to = strip->image;
    for (int32_t ky = 0; ky < window->kernel_height; ++ky, ++row, to += channels) {
        if (row >= window->input_height) {
            pad_row(op->input_zero_point, strip->width, channels, to, strip->pitch);
        } else if (row >= 0) {
            copy_row(input + row * window->input_width * channels, strip->width, channels, to, strip->pitch);
        }
    }
}

void nn_conv2d_narrow_s8_dsp(const struct nn_conv2d_narrow_s8_dsp *op, const int8_t *input, int8_t *output,
                             void *scratch) {
    const struct nn_window *window = &op->window;
    uint32_t *block = scratch;
    const struct strip strip = lay_out(op, (int8_t *)(block + op->gemm.units * NN_GEMM_UNIT_WORDS));
    const int32_t size = (strip.columns * strip.pitch + 2 * WORD - 2) / WORD * WORD;
    const struct nn_gemm_sink_dsp sink = {
        .output = output, .channels = op->output_channels, .stride = op->output_channels, .tile = strip.data + size};
    const int32_t step = window->stride_width * strip.pitch;
    int32_t count = 0; /* pixels in the block */
    int32_t done = 0;  /* elements of the output */
    memset(strip.data, op->input_zero_point, (size_t)size);
    for (int32_t y = 0; y < window->output_height; ++y) {
        load_rows(op, &strip, input, y);
        const int8_t *from = strip.data;
        if (window->output_width % NN_GEMM_PIXELS == 0) {
            for (int32_t x = 0; x < window->output_width; x += NN_GEMM_PIXELS, from += NN_GEMM_PIXELS * step) {
                const int8_t *third = from + 2 * step;
                nn_gemm_expand_pixels_dsp(from, from + step, third, third + step, op->gemm.units * NN_GEMM_UNIT, block);
                nn_gemm_pixels_dsp(&op->gemm, block, &sink, done, NN_GEMM_PIXELS);
                done += NN_GEMM_PIXELS * op->output_channels;
            }
            continue;
        }
        for (int32_t x = 0; x < window->output_width; ++x, from += step) {
            nn_gemm_expand_dsp(from, op->gemm.units, block + count);
            if (++count == NN_GEMM_PIXELS) {
                nn_gemm_pixels_dsp(&op->gemm, block, &sink, done, count);
                done += count * op->output_channels;
                count = 0;
            }
        }
    }
    if (count > 0) {
        nn_gemm_pixels_dsp(&op->gemm, block, &sink, done, count);
        done += count * op->output_channels;
    }
    nn_clamp_s8_dsp(output, done, op->activation_min, op->activation_max);
}
