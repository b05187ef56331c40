#include "nn_conv2d_m4.h"

#include <string.h>

#include "nn_clamp_m4.h"

enum { WORD = 4 };

static int32_t round_up(int32_t size) {
    return (size + WORD - 1) / WORD * WORD;
}

/* Copies whole words: up to 3 bytes more than `size`. */
static inline void copy_words(int8_t *to, const int8_t *from, int32_t size) {
    for (const int8_t *end = to + size; to < end; to += WORD, from += WORD) {
        nn_store_word(to, nn_load_word(from));
    }
}

/* Copies of KH input rows, padded to the columns that windows cover, in a ring. */
struct ring {
    int8_t *rows;
    int32_t row_size; /* a multiple of 4, with at least 4 bytes to spare */
    int32_t columns;
    int32_t first; /* the place of the windows' first row */
};

static void load_row(const struct nn_conv2d_narrow_s8_m4 *op, const struct ring *ring, const int8_t *input, int32_t y,
                     int32_t place) {
    const struct nn_window *window = &op->window;
    const int32_t channels = op->input_channels;
    int8_t *row = ring->rows + place * ring->row_size;
    memset(row, op->input_zero_point, (size_t)ring->row_size);
    if (y >= 0 && y < window->input_height) {
        const int32_t room = ring->columns - window->pad_left;
        const int32_t columns = room < window->input_width ? room : window->input_width;
        memcpy(row + window->pad_left * channels, input + y * window->input_width * channels,
               (size_t)(columns * channels));
    }
}

/* The window that begins `offset` bytes into the rows. */
static void expand_window(const struct nn_conv2d_narrow_s8_m4 *op, const struct ring *ring, int32_t offset,
                          int8_t *patch, uint32_t *lane) {
    const int32_t height = op->window.kernel_height;
    const int32_t size = op->window.kernel_width * op->input_channels;
    const int32_t direct = size % WORD == 0;
    int8_t *to = patch;
    int32_t place = ring->first;
    for (int32_t ky = 0; ky < height; ++ky) {
        const int8_t *from = ring->rows + place * ring->row_size + offset;
        if (direct) {
            lane = nn_gemm_expand_m4(from, size / WORD, lane);
        } else {
            copy_words(to, from, size);
            to += size;
        }
        place = place == height - 1 ? 0 : place + 1;
    }
    if (!direct) {
        nn_gemm_expand_m4(patch, op->gemm.units, lane);
    }
}

void nn_conv2d_narrow_s8_m4(const struct nn_conv2d_narrow_s8_m4 *op, const int8_t *input, int8_t *output,
                            void *scratch) {
    const struct nn_window *window = &op->window;
    const int32_t columns = (window->output_width - 1) * window->stride_width + window->kernel_width;
    uint32_t *block = scratch;
    int8_t *patch = (int8_t *)(block + op->gemm.units * NN_GEMM_UNIT_WORDS);
    struct ring ring = {patch + (op->gemm.units + 1) * WORD, round_up(columns * op->input_channels + WORD), columns, 0};
    const struct nn_gemm_sink_m4 sink = {.output = output,
                                         .channels = op->output_channels,
                                         .stride = op->output_channels,
                                         .tile = ring.rows + window->kernel_height * ring.row_size};
    int32_t next = 0; /* the row to load, counted from the first window's first */
    int32_t place = 0;
    int32_t count = 0; /* pixels in the block */
    int32_t done = 0;  /* elements of the output */
    for (int32_t y = 0; y < window->output_height; ++y) {
        for (; next < y * window->stride_height + window->kernel_height; ++next) {
            load_row(op, &ring, input, next - window->pad_top, place);
            place = place == window->kernel_height - 1 ? 0 : place + 1;
        }
        ring.first = place;
        int32_t offset = 0;
        for (int32_t x = 0; x < window->output_width; ++x, offset += window->stride_width * op->input_channels) {
            expand_window(op, &ring, offset, patch, block + count);
            if (++count == NN_GEMM_PIXELS) {
                nn_gemm_pixels_m4(&op->gemm, block, &sink, done, count);
                done += count * op->output_channels;
                count = 0;
            }
        }
    }
    if (count > 0) {
        nn_gemm_pixels_m4(&op->gemm, block, &sink, done, count);
        done += count * op->output_channels;
    }
    nn_clamp_s8_m4(output, done, op->activation_min, op->activation_max);
}
