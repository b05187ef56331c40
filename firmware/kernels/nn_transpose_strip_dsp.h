/* The way through a transposed convolution, whatever its type: which input rows to unpack, which windows to compute. */
#ifndef NN_TRANSPOSE_STRIP_DSP_H
#define NN_TRANSPOSE_STRIP_DSP_H

#include <stddef.h>

#include "nn_transpose_conv_dsp.h"

/* What a type does; `context` is its own.
 *
 * `load` lays out the channels at element `place` of the image, or what is outside of it where `place` is negative, for
 * one of the four pixels of a block.
 *
 * `compute` makes the first `count` pixels of a block, with a stream and so many units; the first of them goes to
 * element `offset` of the output, the others `stride` elements apart. */
struct nn_transpose_type {
    void (*load)(const void *context, int32_t place, uint32_t *lane);
    void (*compute)(const void *context, const uint32_t *block, int32_t stream, int32_t units, int32_t offset,
                    int32_t stride, int32_t count);
};

/* Input rows of one vertical phase, in the block. */
struct nn_transpose_rows {
    int32_t last; /* the image's row that is the last of them */
    int32_t count;
};

static inline __attribute__((always_inline)) void nn_transpose_load_rows(const struct nn_transpose_shape_dsp *shape,
                                                                         const struct nn_transpose_type *type,
                                                                         const void *context, uint32_t *block,
                                                                         struct nn_transpose_rows rows, int32_t t) {
    const struct nn_window *window = &shape->window;
    const int32_t place_words = shape->units * NN_GEMM_UNIT_WORDS;
    for (int32_t pixel = 0; pixel < NN_GEMM_PIXELS; ++pixel) {
        const int32_t first = t + pixel * shape->columns + shape->first;
        uint32_t *lane = block + pixel;
        for (int32_t x = first; x < first + shape->strip_columns; ++x) {
            for (int32_t y = rows.last - rows.count + 1; y <= rows.last; ++y, lane += place_words) {
                const int32_t inside = y >= 0 && y < window->output_height && x >= 0 && x < window->output_width;
                type->load(context, inside ? (y * window->output_width + x) * shape->input_channels : -1, lane);
            }
        }
    }
}

/* One group's pixels of a row of outputs of the strip that begins at its pixel t. */
static inline __attribute__((always_inline)) void
nn_transpose_group(const struct nn_transpose_shape_dsp *shape, const struct nn_transpose_type *type,
                   const void *context, const uint32_t *block, int32_t rows, int32_t t,
                   const struct nn_transpose_group_dsp *group, int32_t stream, int32_t row) {
    const int32_t column_units = rows * shape->units;
    const int32_t step = shape->window.stride_width * shape->output_channels;
    int32_t offset =
        row * shape->window.input_width * shape->output_channels + t * step + group->column * shape->output_channels;
    int32_t left = group->count - t;
    block += group->first * column_units * NN_GEMM_UNIT_WORDS;
    for (int32_t column = 0; column < shape->columns && left > 0; ++column, --left) {
        const int32_t present = (left - 1) / shape->columns + 1;
        type->compute(context, block, stream, group->width * column_units, offset, shape->columns * step,
                      present < NN_GEMM_PIXELS ? present : NN_GEMM_PIXELS);
        block += column_units * NN_GEMM_UNIT_WORDS;
        offset += step;
    }
}

/* One image. */
static inline __attribute__((always_inline)) void nn_transpose_image(const struct nn_transpose_shape_dsp *shape,
                                                                     const struct nn_transpose_type *type,
                                                                     const void *context, uint32_t *block) {
    const struct nn_window *window = &shape->window;
    const struct nn_transpose_group_dsp *groups = (const struct nn_transpose_group_dsp *)(const void *)shape->group;
    for (int32_t t = 0; t < shape->longest; t += NN_GEMM_PIXELS * shape->columns) {
        struct nn_transpose_rows present = {0, 0};
        for (int32_t y = 0; y < window->input_height; ++y) {
            const int32_t last = (y + window->pad_top) / window->stride_height;
            const int32_t phase = y + window->pad_top - last * window->stride_height;
            const struct nn_transpose_rows rows = {last,
                                                   (window->kernel_height - phase - 1) / window->stride_height + 1};
            if (rows.last != present.last || rows.count != present.count) {
                nn_transpose_load_rows(shape, type, context, block, rows, t);
                present = rows;
            }
            for (int32_t group = 0; group < shape->groups; ++group) {
                nn_transpose_group(shape, type, context, block, rows.count, t, &groups[group],
                                   shape->streams[phase * shape->groups + group], y);
            }
        }
    }
}

#endif
