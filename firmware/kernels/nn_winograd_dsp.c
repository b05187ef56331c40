#include "nn_winograd_dsp.h"

#include <stddef.h>

#include "nn_clamp_dsp.h"
#include "nn_dsp.h"
#include "nn_winograd_block_dsp.h"

enum {
    TILES = NN_WINOGRAD_TILES,
    COLUMNS = NN_WINOGRAD_COLUMNS,
    UNIT = NN_WINOGRAD_UNIT,
    POINTS = NN_WINOGRAD_POINTS,
    TAPS = 9
};

/* The 256-fold bytes of a word: 0 and 2, and 1 and 3. */
static inline uint32_t even_bytes(uint32_t word, uint32_t mask) {
    return mask & (word << 8);
}

static inline uint32_t odd_bytes(uint32_t word, uint32_t mask) {
    return mask & word;
}

/* What a layer is computed with, beside its parameters. */
struct work {
    const int8_t *input;
    uint32_t *columns; /* u of two output channels, or half way transformed: [steps][4 rows][COLUMNS] */
    int32_t next;      /* the tile that would find its first two columns in place, or -1 */
    uint32_t *v;       /* [blocks] of [points][channels / 2][TILES] */
    int32_t *sums;
};

/* B d for one column of four pixels, all channels. */
NN_APART static void transform_column(const int8_t *const rows[4], int32_t channels, uint32_t *to) {
    const int8_t *p0 = rows[0], *p1 = rows[1], *p2 = rows[2], *p3 = rows[3];
    uint32_t mask = 0xFF00FF00U;
    NN_KEEP_IN_REGISTER(mask);
    for (const int8_t *end = p0 + channels; p0 != end; p0 += UNIT, p1 += UNIT, p2 += UNIT, p3 += UNIT) {
        const uint32_t a = nn_load_word(p0), b = nn_load_word(p1), c = nn_load_word(p2), d = nn_load_word(p3);
        const uint32_t a0 = even_bytes(a, mask), b0 = even_bytes(b, mask), c0 = even_bytes(c, mask);
        const uint32_t a1 = odd_bytes(a, mask), b1 = odd_bytes(b, mask), c1 = odd_bytes(c, mask);
        to[0] = nn_shsub16(a0, c0);
        to[1 * COLUMNS] = nn_shadd16(b0, c0);
        to[2 * COLUMNS] = nn_shsub16(c0, b0);
        to[3 * COLUMNS] = nn_shsub16(b0, even_bytes(d, mask));
        to[4 * COLUMNS] = nn_shsub16(a1, c1);
        to[5 * COLUMNS] = nn_shadd16(b1, c1);
        to[6 * COLUMNS] = nn_shsub16(c1, b1);
        to[7 * COLUMNS] = nn_shsub16(b1, odd_bytes(d, mask));
        to += 8 * COLUMNS;
    }
}

/* (B d) B^T for one tile, whose first column is columns[0]. */
NN_APART static void transform_tile(const uint32_t *columns, int32_t steps, uint32_t *v) {
    const int32_t point = steps * TILES;
    for (const uint32_t *end = v + point; v != end; v += TILES) {
        uint32_t *to = v;
        for (int32_t row = 0; row < 4; ++row, columns += COLUMNS, to += 4 * point) {
            const uint32_t x0 = columns[0], x1 = columns[1], x2 = columns[2], x3 = columns[3];
            to[0] = nn_shsub16(x0, x2);
            to[point] = nn_shadd16(x1, x2);
            to[2 * point] = nn_shsub16(x2, x1);
            to[3 * point] = nn_shsub16(x1, x3);
        }
    }
}

/* The columns of the image from x on, `count` of them, below the row y, to the place `to` on. */
NN_APART static void load_columns(const struct nn_winograd_s8_dsp *op, const struct work *work, int32_t y, int32_t x,
                                  int32_t count, uint32_t *to) {
    const int32_t width = op->window.input_width, channels = op->input_channels;
    for (; count > 0; --count, ++x, ++to) {
        const int8_t *rows[4];
        for (int32_t i = 0; i < 4; ++i) {
            const int32_t inside = x >= 0 && x < width && y + i >= 0 && y + i < op->window.input_height;
            rows[i] = inside ? work->input + ((y + i) * width + x) * channels : op->pad;
        }
        transform_column(rows, channels, to);
    }
}

/* V of the four tiles from `first` on. */
static void transform(const struct nn_winograd_s8_dsp *op, struct work *work, int32_t first, uint32_t *v) {
    const int32_t left = op->tiles - first;
    const int32_t count = left < TILES ? left : TILES;
    int32_t tx = first % op->across;
    int32_t ty = first / op->across;
    const int32_t whole = count == TILES && tx + TILES <= op->across;
    int32_t column = 0; /* where the tile's columns begin */
    int32_t known = work->next == first && tx > 0 ? 2 : 0;
    for (int32_t tile = 0; tile < count; ++tile) {
        load_columns(op, work, 2 * ty - op->window.pad_top, 2 * tx - op->window.pad_left + known, 4 - known,
                     work->columns + column + known);
        if (!whole) {
            transform_tile(work->columns + column, op->steps, v + tile);
        }
        column += 2;
        known = 2;
        if (++tx == op->across) {
            tx = 0;
            ++ty;
            column = 0;
            known = 0;
        }
    }
    work->next = -1;
    if (whole) {
        nn_winograd_transform_dsp(work->columns, v, op->steps);
        work->next = first + TILES;
    }
}

/* Where a layer's outputs go. */
struct sink {
    int8_t *output;
    const int8_t *residual;
    const struct nn_add_s8_dsp *add;
};

/* Two channels of one pixel, or one. */
static inline void place_pixel(const struct sink *sink, int32_t at, int32_t count, const int8_t *from) {
    const struct nn_add_s8_dsp *add = sink->add;
    for (int32_t c = 0; c < count; ++c) {
        int32_t value = from[c];
        if (sink->residual != NULL) {
            const int32_t sum =
                nn_mla(sink->residual[at + c], add->factor2, nn_mla(value, add->factor1, add->constant));
            value = nn_ssat8(sum >> add->shift);
        }
        sink->output[at + c] = (int8_t)value;
    }
}

/* Pixels of the tile at (ty, tx) that are inside the image, from where they were computed to the output. */
NN_APART static void place_tile(const struct nn_winograd_s8_dsp *op, const struct sink *sink, int32_t ty, int32_t tx,
                                int32_t channel, const int8_t *from) {
    const int32_t width = op->window.output_width, channels = op->output_channels;
    const int32_t count = channels - channel < 2 ? 1 : 2;
    for (int32_t i = 0; i < 4; ++i, from += i == 2 ? 4 * TILES - 2 : 2) {
        const int32_t y = 2 * ty + i / 2, x = 2 * tx + i % 2;
        if (y < op->window.output_height && x < width) {
            place_pixel(sink, (y * width + x) * channels + channel, count, from);
        }
    }
}

/* Adds a row of a whole block, two channels of eight pixels, to what is `at` bytes into the residual. */
NN_APART static void add_row(const struct sink *sink, int32_t at, int32_t step, const int8_t *from) {
    const struct nn_add_s8_dsp add = *sink->add; /* the output might alias it, for all the compiler knows */
    const int8_t *residual = sink->residual + at;
    int8_t *output = sink->output + at;
    for (const int8_t *end = from + 4 * TILES; from != end; from += 2, residual += step, output += step) {
        const int32_t sum0 = nn_mla(residual[0], add.factor2, nn_mla(from[0], add.factor1, add.constant));
        const int32_t sum1 = nn_mla(residual[1], add.factor2, nn_mla(from[1], add.factor1, add.constant));
        output[0] = (int8_t)nn_ssat8(sum0 >> add.shift);
        output[1] = (int8_t)nn_ssat8(sum1 >> add.shift);
    }
}

/* The outputs of the block from tile `first` on, two channels of them. */
NN_APART static void write_block(const struct nn_winograd_s8_dsp *op, const struct work *work, const struct sink *sink,
                                 int32_t first, int32_t channel) {
    const int32_t width = op->window.output_width, channels = op->output_channels;
    const int32_t *factors = op->factors + 2 * channel;
    int32_t tx = first % op->across;
    int32_t ty = first / op->across;
    const int32_t at = 2 * (ty * width + tx) * channels + channel;
    const int32_t whole =
        2 * (tx + TILES) <= width && 2 * ty + 2 <= op->window.output_height && channel + 2 <= channels;
    if (whole && sink->residual == NULL) {
        const struct nn_winograd_places places = {channels, width * channels, op->round};
        nn_winograd_outputs_dsp(work->sums, factors, sink->output + at, &places);
        return;
    }
    const struct nn_winograd_places places = {2, 4 * TILES, op->round};
    int8_t outputs[8 * TILES];
    nn_winograd_outputs_dsp(work->sums, factors, outputs, &places);
    if (whole) {
        add_row(sink, at, channels, outputs);
        add_row(sink, at + width * channels, channels, outputs + 4 * TILES);
        return;
    }
    for (int32_t tile = 0; tile < TILES && first + tile < op->tiles; ++tile) {
        place_tile(op, sink, ty, tx, channel, outputs + 4 * tile);
        if (++tx == op->across) {
            tx = 0;
            ++ty;
        }
    }
}

/* The blocks from `first` on, whose V is there. */
static void multiply(const struct nn_winograd_s8_dsp *op, const struct work *work, const struct sink *sink,
                     int32_t first, int32_t blocks) {
    const int32_t steps = op->steps;
    const uint32_t *weights = op->weights;
    for (int32_t channel = 0; channel < op->output_channels; channel += 2) {
        const uint32_t *u = weights;
        if (op->expanded) {
            nn_winograd_expand_dsp(weights, work->columns, steps);
            weights += TAPS * steps;
            u = work->columns;
        } else {
            weights += POINTS * 2 * steps;
        }
        const uint32_t *v = work->v;
        for (int32_t i = 0; i < blocks; ++i, v += POINTS * TILES * steps) {
            nn_winograd_products_dsp(v, u, work->sums, steps);
            write_block(op, work, sink, first + i * TILES, channel);
        }
    }
}

static void compute(const struct nn_winograd_s8_dsp *op, const int8_t *input, uint32_t *scratch,
                    const struct sink *sink) {
    const int32_t block_words = POINTS * TILES * op->steps;
    struct work work = {.input = input, .v = scratch, .next = -1};
    work.columns = scratch + op->blocks * block_words;
    /* What is expanded takes the columns' place. */
    work.sums = (int32_t *)work.columns + (op->expanded ? 2 * POINTS : 4 * COLUMNS) * op->steps;
    for (int32_t first = 0; first < op->tiles;) {
        int32_t blocks = 0;
        for (int32_t tile = first; blocks < op->blocks && tile < op->tiles; ++blocks, tile += TILES) {
            transform(op, &work, tile, scratch + blocks * block_words);
        }
        multiply(op, &work, sink, first, blocks);
        first += blocks * TILES;
        work.next = op->expanded ? -1 : work.next;
    }
}

void nn_winograd_s8_dsp(const struct nn_winograd_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch) {
    const struct sink sink = {.output = output};
    compute(op, input, scratch, &sink);
    nn_clamp_s8_dsp(output, op->window.output_height * op->window.output_width * op->output_channels,
                    op->activation_min, op->activation_max);
}

void nn_winograd_add_s8_dsp(const struct nn_winograd_add_s8_dsp *op, const int8_t *input, const int8_t *residual,
                            int8_t *output, void *scratch) {
    const struct sink sink = {.output = output, .residual = residual, .add = &op->add};
    compute(&op->conv, input, scratch, &sink);
    nn_clamp_s8_dsp(output, op->conv.window.output_height * op->conv.window.output_width * op->conv.output_channels,
                    op->add.activation_min, op->add.activation_max);
}
