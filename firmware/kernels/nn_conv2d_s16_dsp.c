#include "nn_conv_s16_dsp.h"

enum { PIXELS = NN_GEMM_S16_PIXELS, UNIT = NN_GEMM_S16_UNIT, UNIT_WORDS = NN_GEMM_S16_UNIT_WORDS };

/* A window's first row and column, which may lie outside the image. */
struct corner {
    int32_t y, x;
};

/* A piece of neighbours to its places in the block, with zeros up to the next unit; returns the unit after it. */
static uint32_t *lay_out(const int16_t *piece, int32_t count, uint32_t *lane) {
    for (; count >= UNIT; count -= UNIT, piece += UNIT, lane += UNIT_WORDS) {
        lane[0] = nn_load_word(piece);
        lane[PIXELS] = nn_load_word(piece + 2);
    }
    if (count > 0) {
        lane[0] = count > 1 ? nn_load_word(piece) : (uint16_t)piece[0];
        lane[PIXELS] = count > 2 ? (uint16_t)piece[2] : 0;
        lane += UNIT_WORDS;
    }
    return lane;
}

static uint32_t *lay_out_zeros(int32_t count, uint32_t *lane) {
    for (; count > 0; count -= UNIT, lane += UNIT_WORDS) {
        lane[0] = 0;
        lane[PIXELS] = 0;
    }
    return lane;
}

/* One row of a window that reaches over the image's border. `piece` has room for one. */
static uint32_t *lay_out_border(const struct nn_conv2d_s16_dsp *op, const int16_t *row, int32_t x, int16_t *piece,
                                uint32_t *lane) {
    const struct nn_window *window = &op->window;
    const int32_t columns = window->kernel_width / op->runs; /* of a piece */
    const int32_t depth = op->run / columns;
    for (int32_t run = 0; run < op->runs; ++run) {
        for (int32_t column = 0; column < columns; ++column, x += window->dilation_width) {
            const int32_t inside = x >= 0 && x < window->input_width;
            for (int32_t c = 0; c < depth; ++c) {
                piece[column * depth + c] = inside ? row[x * op->input_channels + c] : 0;
            }
        }
        lane = lay_out(piece, op->run, lane);
    }
    return lane;
}

static void lay_out_window(const struct nn_conv2d_s16_dsp *op, const int16_t *input, struct corner at, int16_t *piece,
                           uint32_t *lane) {
    const struct nn_window *window = &op->window;
    const int32_t last = at.x + (window->kernel_width - 1) * window->dilation_width;
    const int32_t whole = at.x >= 0 && last < window->input_width;
    for (int32_t ky = 0; ky < window->kernel_height; ++ky, at.y += window->dilation_height) {
        const int16_t *row = input + at.y * window->input_width * op->input_channels;
        if (at.y < 0 || at.y >= window->input_height) {
            for (int32_t run = 0; run < op->runs; ++run) {
                lane = lay_out_zeros(op->run, lane);
            }
        } else if (whole) {
            const int16_t *from = row + at.x * op->input_channels;
            for (int32_t run = 0; run < op->runs; ++run) {
                lane = lay_out(from, op->run, lane);
                from += window->dilation_width * op->input_channels;
            }
        } else {
            lane = lay_out_border(op, row, at.x, piece, lane);
        }
    }
}

/* `group` of one image. */
static void compute(const struct nn_conv2d_s16_dsp *op, const struct nn_gemm_s16_dsp *gemm, const int16_t *input,
                    int16_t *output, uint32_t *block) {
    const struct nn_window *window = &op->window;
    const int32_t pixels = window->output_height * window->output_width;
    const int32_t channels = op->output_channels / op->groups;
    int16_t *tile = (int16_t *)(block + gemm->units * UNIT_WORDS);
    struct corner corner = {-window->pad_top, -window->pad_left};
    int32_t x = 0;
    for (int32_t pixel = 0; pixel < pixels; pixel += PIXELS) {
        const int32_t count = pixels - pixel < PIXELS ? pixels - pixel : PIXELS;
        for (int32_t i = 0; i < count; ++i) {
            lay_out_window(op, input, corner, tile + 8 * gemm->pairs, block + i);
            corner.x += window->stride_width;
            if (++x == window->output_width) {
                x = 0;
                corner.x = -window->pad_left;
                corner.y += window->stride_height;
            }
        }
        nn_gemm_pixels_s16_dsp(gemm, block, count, channels, output + pixel * op->output_channels, op->output_channels,
                               tile);
    }
}

void nn_conv2d_s16_dsp(const struct nn_conv2d_s16_dsp *op, const int16_t *input, int16_t *output, void *scratch) {
    const struct nn_window *window = &op->window;
    const int32_t outputs = window->output_height * window->output_width * op->output_channels;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        struct nn_gemm_s16_dsp gemm = op->gemm;
        for (int32_t group = 0; group < op->groups; ++group, gemm.stream += op->stream_words) {
            compute(op, &gemm, input + group * (op->input_channels / op->groups),
                    output + group * (op->output_channels / op->groups), scratch);
        }
        input += window->input_height * window->input_width * op->input_channels;
        output += outputs;
    }
    nn_clamp_s16_dsp(output - op->batches * outputs, op->batches * outputs, op->activation_min, op->activation_max,
                     op->gemm.positive);
}
