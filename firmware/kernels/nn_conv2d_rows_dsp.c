#include "nn_conv2d_dsp.h"

#include "nn_clamp_dsp.h"

/* The block of a strip: for each input column that a pixel's windows cover, KH rows of input_channels / 4 units. The
 * window at the strip's column x begins x * stride_width columns into it, and is contiguous. */
struct strip {
    uint32_t *block;
    int32_t columns;      /* input columns */
    int32_t column_units; /* units of a column in one row */
    int32_t first;        /* the image's column that the first pixel's first window begins at */
    int32_t lane_step;    /* input columns from one pixel's to the next one's */
};

struct unit {
    uint32_t words[NN_GEMM_UNIT_WORDS];
};

/* Moves the rows that the next windows share with the last ones to the front. */
static void keep_rows(const struct nn_window *window, const struct strip *strip) {
    const int32_t moved = (window->kernel_height - window->stride_height) * strip->column_units;
    const int32_t dropped = window->stride_height * strip->column_units;
    struct unit *to = (struct unit *)strip->block;
    for (int32_t column = 0; column < strip->columns; ++column) {
        const struct unit *from = to + dropped;
        for (const struct unit *end = to + moved; to != end; ++to, ++from) {
            *to = *from;
        }
        to += dropped;
    }
}

/* One image row for one pixel of the blocks, to row `place` of each column. */
static void load_row(const struct nn_conv2d_rows_s8_dsp *op, const struct strip *strip, const int8_t *row, int32_t x,
                     int32_t place, uint32_t *lane) {
    const struct nn_window *window = &op->window;
    const int32_t column_words = window->kernel_height * strip->column_units * NN_GEMM_UNIT_WORDS;
    lane += place * strip->column_units * NN_GEMM_UNIT_WORDS;
    for (const uint32_t *end = lane + strip->columns * column_words; lane != end; lane += column_words, ++x) {
        if (row != NULL && x >= 0 && x < window->input_width) {
            nn_gemm_expand_dsp(row + x * op->input_channels, strip->column_units, lane);
        } else {
            nn_gemm_fill_dsp(op->input_zero_point, strip->column_units, lane);
        }
    }
}

/* The image's row `y` for all four pixels. */
static void load_rows(const struct nn_conv2d_rows_s8_dsp *op, const struct strip *strip, const int8_t *input, int32_t y,
                      int32_t place) {
    const struct nn_window *window = &op->window;
    const int32_t inside = y >= 0 && y < window->input_height;
    const int8_t *row = inside ? input + y * window->input_width * op->input_channels : NULL;
    for (int32_t pixel = 0; pixel < NN_GEMM_PIXELS; ++pixel) {
        load_row(op, strip, row, strip->first + pixel * strip->lane_step, place, strip->block + pixel);
    }
}

/* One row of outputs of a strip that begins at output column x. */
static void compute_row(const struct nn_conv2d_rows_s8_dsp *op, const struct strip *strip, int32_t y, int32_t x,
                        const struct nn_gemm_sink_dsp *sink) {
    const struct nn_window *window = &op->window;
    const int32_t advance = window->stride_width * window->kernel_height * strip->column_units * NN_GEMM_UNIT_WORDS;
    const uint32_t *block = strip->block;
    int32_t offset = (y * window->output_width + x) * op->output_channels;
    int32_t left = window->output_width - x;
    for (int32_t column = 0; column < op->columns && left > 0; ++column, --left) {
        const int32_t present = (left - 1) / op->columns + 1;
        nn_gemm_pixels_dsp(&op->gemm, block, sink, offset, present < NN_GEMM_PIXELS ? present : NN_GEMM_PIXELS);
        block += advance;
        offset += op->output_channels;
    }
}

/* The strip that begins at output column x. */
static void compute_strip(const struct nn_conv2d_rows_s8_dsp *op, const struct strip *strip, const int8_t *input,
                          int32_t x, const struct nn_gemm_sink_dsp *sink) {
    const struct nn_window *window = &op->window;
    int32_t present = 0; /* rows in the block */
    int32_t next = -window->pad_top;
    for (int32_t y = 0; y < window->output_height; ++y) {
        for (; present < window->kernel_height; ++present, ++next) {
            load_rows(op, strip, input, next, present);
        }
        compute_row(op, strip, y, x, sink);
        keep_rows(window, strip);
        present -= window->stride_height;
    }
}

/* Fills in what the caller of the two functions below leaves open: the geometry of the sink. */
static void compute(const struct nn_conv2d_rows_s8_dsp *op, const int8_t *input, uint32_t *block,
                    struct nn_gemm_sink_dsp *sink) {
    const struct nn_window *window = &op->window;
    struct strip strip = {.block = block,
                          .columns = (op->columns - 1) * window->stride_width + window->kernel_width,
                          .column_units = op->input_channels / NN_GEMM_UNIT,
                          .lane_step = op->columns * window->stride_width};
    const int32_t block_units = strip.columns * window->kernel_height * strip.column_units;
    sink->channels = op->output_channels;
    sink->stride = op->columns * op->output_channels;
    sink->tile = (int8_t *)(block + block_units * NN_GEMM_UNIT_WORDS);
    for (int32_t x = 0; x < window->output_width; x += NN_GEMM_PIXELS * op->columns) {
        strip.first = x * window->stride_width - window->pad_left;
        compute_strip(op, &strip, input, x, sink);
    }
}

void nn_conv2d_rows_s8_dsp(const struct nn_conv2d_rows_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch) {
    struct nn_gemm_sink_dsp sink = {.output = output};
    compute(op, input, scratch, &sink);
    nn_clamp_s8_dsp(output, op->window.output_height * op->window.output_width * op->output_channels,
                    op->activation_min, op->activation_max);
}

void nn_conv2d_rows_add_s8_dsp(const struct nn_conv2d_rows_add_s8_dsp *op, const int8_t *input, const int8_t *residual,
                               int8_t *output, void *scratch) {
    struct nn_gemm_sink_dsp sink = {.output = output, .residual = residual, .operands = &op->add, .add = nn_add_s8_dsp};
    compute(&op->conv, input, scratch, &sink);
}
