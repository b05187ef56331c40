#include "nn_depthwise_plane_dsp.h"

#include <stddef.h>

#include "nn_clamp_dsp.h"
#include "nn_depthwise_rows_dsp.h"
#include "nn_dsp.h"

enum { CHANNELS = NN_DEPTHWISE_PLANE_CHANNELS };

/* Which four output channels these are, where each input channel has several. */
struct repeated {
    int32_t multiplier, channel;
};

/* Where outputs go, in bytes: `channels` of them side by side, and from a pixel, or a row, to the next one. */
struct target {
    int32_t channels, step, row;
};

/* Four channels of rows of pixels, less the zero point, to the band's rows from `row` on; returns where the next row of
 * the image is. */
__attribute__((noinline)) static const int8_t *unpack_rows(const struct nn_depthwise_plane_s8_dsp *op,
                                                           const int8_t *input, uint32_t *row, int32_t rows) {
    const uint32_t zero_points = (uint32_t)(uint16_t)-op->input_zero_point * 0x10001U;
    const int32_t step = op->channels;
    for (; rows > 0; --rows, row += NN_DEPTHWISE_PIXEL_WORDS * op->band_width, input += op->input_width * step) {
        const int8_t *from = input;
        uint32_t *pixel = row + NN_DEPTHWISE_PIXEL_WORDS * op->pad_left;
        for (const uint32_t *end = pixel + NN_DEPTHWISE_PIXEL_WORDS * op->copy_width; pixel != end;
             pixel += NN_DEPTHWISE_PIXEL_WORDS) {
            const uint32_t word = nn_load_word(from);
            from += step;
            pixel[0] = nn_sxtab16(zero_points, word);
            pixel[1] = nn_sxtab16_odd(zero_points, word);
            NN_KEEP_IN_REGISTER(pixel); /* the compiler would keep two of it */
        }
    }
    return input;
}

/* The same of the input channels of four output channels, the first of which is `channel`, where each has several. */
__attribute__((noinline)) static const int8_t *unpack_repeated(const struct nn_depthwise_plane_s8_dsp *op,
                                                               const struct repeated *repeated, const int8_t *input,
                                                               uint32_t *row, int32_t rows) {
    const uint32_t zero_points = (uint32_t)(uint16_t)-op->input_zero_point * 0x10001U;
    const int32_t step = op->channels / repeated->multiplier;
    const int32_t channel = repeated->channel;
    const int32_t lane0 = channel / repeated->multiplier, lane1 = (channel + 1) / repeated->multiplier;
    const int32_t lane2 = (channel + 2) / repeated->multiplier, lane3 = (channel + 3) / repeated->multiplier;
    for (; rows > 0; --rows, row += NN_DEPTHWISE_PIXEL_WORDS * op->band_width, input += op->input_width * step) {
        const int8_t *from = input;
        uint32_t *pixel = row + NN_DEPTHWISE_PIXEL_WORDS * op->pad_left;
        for (const uint32_t *end = pixel + NN_DEPTHWISE_PIXEL_WORDS * op->copy_width; pixel != end;
             pixel += NN_DEPTHWISE_PIXEL_WORDS) {
            pixel[0] = nn_sadd16(zero_points, nn_pkhbt((uint32_t)from[lane0], (uint32_t)from[lane2]));
            pixel[1] = nn_sadd16(zero_points, nn_pkhbt((uint32_t)from[lane1], (uint32_t)from[lane3]));
            from += step;
        }
    }
    return input;
}

/* What the rows functions want to have of four channels; weights 256-fold or twofold. */
static void prepare(const uint32_t *packed, uint32_t *group, int32_t taps, int32_t one_sided) {
    const uint32_t *factors = packed + CHANNELS;
    const int8_t *shifts = (const int8_t *)(factors + CHANNELS);
    for (int32_t c = 0; c < CHANNELS; ++c) {
        *group++ = packed[c];
    }
    packed += NN_DEPTHWISE_PLANE_HEAD_WORDS;
    for (const uint32_t *end = packed + taps; packed != end; ++packed, group += NN_DEPTHWISE_PIXEL_WORDS) {
        const uint32_t word = *packed;
        group[0] = one_sided ? (word << 8) & 0xFF00FF00U : nn_sxtab16(nn_sxtb16(word), word);
        group[1] = one_sided ? word & 0xFF00FF00U : nn_sxtab16_odd(nn_sxtb16_odd(word), word);
    }
    for (int32_t c = 0; c < CHANNELS; ++c) {
        *group++ = factors[c];
        *group++ = (uint32_t)shifts[c];
    }
}

static void clear(uint32_t *words, const uint32_t *end) {
    while (words != end) {
        *words++ = 0;
    }
}

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* Four channels of the whole image. `pixels` is the band: its columns of padding are 0 already. `repeated` and `target`
 * are known to be NULL, or not to be, where this is called; without `target` rows of outputs follow each other. */
static inline __attribute__((always_inline)) void
compute_channels(const struct nn_depthwise_plane_s8_dsp *op, const struct nn_depthwise_band_dsp *band,
                 const struct repeated *repeated, const struct target *target, const int8_t *input, int8_t *output,
                 uint32_t *pixels, nn_depthwise_rows_function_dsp *compute) {
    const int32_t row_words = NN_DEPTHWISE_PIXEL_WORDS * op->band_width;
    const uint32_t *end = pixels + op->band_height * row_words;
    const int32_t has_leftovers = op->band < op->output_height; /* else all padding is 0 already */
    uint32_t *row = pixels;                                     /* the first row that the band has not got yet */
    int32_t missing = op->band_height;
    int32_t above = op->pad_top;       /* rows of padding to come, */
    int32_t inside = op->input_height; /* and rows of the image after them */
    for (int32_t left = op->output_height; left > 0;) {
        const int32_t padded = smaller(above, missing);
        const int32_t unpacked = smaller(inside, missing - padded);
        uint32_t *first = row + padded * row_words;
        input = repeated == NULL ? unpack_rows(op, input, first, unpacked)
                                 : unpack_repeated(op, repeated, input, first, unpacked);
        if (has_leftovers) {
            clear(row, first);
            clear(first + unpacked * row_words, end);
        }
        above -= padded;
        inside -= unpacked;
        const int32_t rows = smaller(op->band, left);
        if (target == NULL) {
            compute(band, pixels, output, rows);
            output += rows * band->output_row;
        } else {
            for (int32_t i = 0; i < rows; ++i, output += target->row) {
                compute(band, pixels + i * row_words, output, 1);
            }
        }
        left -= rows;
        if (left > 0) { /* the rows that the next windows share with these */
            missing = smaller(rows * op->stride_height, op->band_height);
            row = pixels;
            for (const uint32_t *from = pixels + missing * row_words; from != end;) {
                *row++ = *from++;
            }
        }
    }
}

static void compute_plain(const struct nn_depthwise_plane_s8_dsp *op, const struct nn_depthwise_band_dsp *band,
                          const int8_t *input, int8_t *output, uint32_t *pixels,
                          nn_depthwise_rows_function_dsp *compute) {
    compute_channels(op, band, NULL, NULL, input, output, pixels, compute);
}

static void compute_phase(const struct nn_depthwise_plane_s8_dsp *op, const struct nn_depthwise_band_dsp *band,
                          const struct target *target, const int8_t *input, int8_t *output, uint32_t *pixels,
                          nn_depthwise_rows_function_dsp *compute) {
    compute_channels(op, band, NULL, target, input, output, pixels, compute);
}

static void compute_repeated(const struct nn_depthwise_plane_s8_dsp *op, const struct nn_depthwise_band_dsp *band,
                             const struct repeated *repeated, const int8_t *input, int8_t *output, uint32_t *pixels,
                             nn_depthwise_rows_function_dsp *compute) {
    compute_channels(op, band, repeated, NULL, input, output, pixels, compute);
}

/* `multiplier` is 1, or known not to be, and `target` is known, where this is called. */
static inline __attribute__((always_inline)) void compute_image(const struct nn_depthwise_plane_s8_dsp *op,
                                                                const int8_t *input, int8_t *output, uint32_t *pixels,
                                                                int32_t one_sided,
                                                                nn_depthwise_rows_function_dsp *compute,
                                                                int32_t multiplier, const struct target *target) {
    const int32_t step = target == NULL ? op->channels : target->step;
    const int32_t taps = op->kernel_height * op->kernel_width;
    const int32_t row_words = NN_DEPTHWISE_PIXEL_WORDS * op->band_width;
    const int32_t window_step = NN_DEPTHWISE_PIXEL_WORDS * op->stride_width;
    uint32_t *group = pixels + op->band_height * row_words;
    const struct nn_depthwise_band_dsp band = {
        .group = group,
        .row_rest = row_words - NN_DEPTHWISE_PIXEL_WORDS * op->kernel_width,
        .next_window = window_step - (op->kernel_height - 1) * row_words - NN_DEPTHWISE_PIXEL_WORDS * op->kernel_width,
        .next_row = op->stride_height * row_words - op->output_width * window_step,
        .output_step = step,
        .output_row = op->output_width * step,
        .round = op->round,
        .kernel_height = op->kernel_height,
        .kernel_width = op->kernel_width};
    clear(pixels, group);
    const uint32_t *packed = op->stream;
    int32_t c = 0;
    for (int32_t left = target == NULL ? op->channels : target->channels; left > 0;
         left -= CHANNELS, packed += NN_DEPTHWISE_PLANE_HEAD_WORDS + taps) {
        prepare(packed, group, taps, one_sided);
        if (target != NULL) {
            compute_phase(op, &band, target, input + c, output + c, pixels, compute);
        } else if (multiplier == 1) {
            compute_plain(op, &band, input + c, output + c, pixels, compute);
        } else {
            const struct repeated repeated = {multiplier, c};
            compute_repeated(op, &band, &repeated, input, output + c, pixels, compute);
        }
        c += left < 2 * CHANNELS ? left - CHANNELS : CHANNELS; /* the last four may be some of those before */
    }
}

static void clamp(const struct nn_depthwise_plane_s8_dsp *op, int8_t *output) {
    nn_clamp_s8_dsp(output, op->output_height * op->output_width * op->channels, op->activation_min,
                    op->activation_max);
}

static void plain_image(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                        uint32_t *pixels, int32_t one_sided, nn_depthwise_rows_function_dsp *compute) {
    compute_image(op, input, output, pixels, one_sided, compute, 1, NULL);
    clamp(op, output);
}

static void repeated_image(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input, int8_t *output,
                           uint32_t *pixels, int32_t one_sided, nn_depthwise_rows_function_dsp *compute) {
    compute_image(&op->plane, input, output, pixels, one_sided, compute, op->multiplier, NULL);
    clamp(&op->plane, output);
}

/* One axis of a phase: its inputs begin at `first` and its outputs at the phase's number, both `dilation` apart. */
struct axis {
    int32_t inputs, outputs, pad, first;
};

static struct axis axis_of(int32_t phase, int32_t dilation, int32_t inputs, int32_t outputs, int32_t pad) {
    const int32_t origin = phase - pad;
    const int32_t missing = origin < 0 ? (dilation - 1 - origin) / dilation : 0;
    const int32_t first = origin + missing * dilation;
    const struct axis axis = {first < inputs ? (inputs - first - 1) / dilation + 1 : 0,
                              phase < outputs ? (outputs - phase - 1) / dilation + 1 : 0, missing, first};
    return axis;
}

/* Outputs that are a dilation apart have the windows of an image that is not dilated. Its pixels are as far apart as if
 * they had so many channels more, its rows as if it were wider. */
static void dilated_image(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input, int8_t *output,
                          uint32_t *pixels, int32_t one_sided, nn_depthwise_rows_function_dsp *compute) {
    const struct nn_depthwise_plane_s8_dsp *all = &op->plane;
    const int32_t height = op->dilation_height, width = op->dilation_width, channels = all->channels;
    const struct target target = {channels, width * channels, height * all->output_width * channels};
    for (int32_t i = 0; i < height * width; ++i) {
        const int32_t y = i / width, x = i % width;
        const struct axis rows = axis_of(y, height, all->input_height, all->output_height, all->pad_top);
        const struct axis columns = axis_of(x, width, all->input_width, all->output_width, all->pad_left);
        struct nn_depthwise_plane_s8_dsp phase = *all;
        phase.channels = width * channels;
        phase.input_width = height * all->input_width / width;
        phase.input_height = rows.inputs;
        phase.output_height = rows.outputs;
        phase.output_width = columns.outputs;
        phase.pad_top = rows.pad;
        phase.pad_left = columns.pad;
        phase.copy_width = smaller(columns.inputs, all->band_width - columns.pad);
        if (columns.outputs > 0) {
            compute_image(&phase, input + (rows.first * all->input_width + columns.first) * channels,
                          output + (y * all->output_width + x) * channels, pixels, one_sided, compute, 1, &target);
        }
    }
    clamp(all, output);
}

void nn_depthwise_plane_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                               void *scratch) {
    plain_image(op, input, output, scratch, 1, nn_depthwise_rows_one_sided_dsp);
}

void nn_depthwise_plane_two_sided_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input,
                                         int8_t *output, void *scratch) {
    plain_image(op, input, output, scratch, 0, nn_depthwise_rows_two_sided_dsp);
}

void nn_depthwise_plane3_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                                void *scratch) {
    plain_image(op, input, output, scratch, 1, nn_depthwise_rows3_one_sided_dsp);
}

void nn_depthwise_plane3_two_sided_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input,
                                          int8_t *output, void *scratch) {
    plain_image(op, input, output, scratch, 0, nn_depthwise_rows3_two_sided_dsp);
}

void nn_depthwise_plane_mixed_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                                     void *scratch) {
    plain_image(op, input, output, scratch, 0, nn_depthwise_rows_mixed_dsp);
}

void nn_depthwise_plane3_mixed_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                                      void *scratch) {
    plain_image(op, input, output, scratch, 0, nn_depthwise_rows3_mixed_dsp);
}

void nn_depthwise_repeated_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input, int8_t *output,
                                  void *scratch) {
    repeated_image(op, input, output, scratch, 1, nn_depthwise_rows_one_sided_dsp);
}

void nn_depthwise_repeated_two_sided_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input,
                                            int8_t *output, void *scratch) {
    repeated_image(op, input, output, scratch, 0, nn_depthwise_rows_two_sided_dsp);
}

void nn_depthwise_repeated3_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input, int8_t *output,
                                   void *scratch) {
    repeated_image(op, input, output, scratch, 1, nn_depthwise_rows3_one_sided_dsp);
}

void nn_depthwise_repeated3_two_sided_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input,
                                             int8_t *output, void *scratch) {
    repeated_image(op, input, output, scratch, 0, nn_depthwise_rows3_two_sided_dsp);
}

void nn_depthwise_dilated_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input, int8_t *output,
                                 void *scratch) {
    dilated_image(op, input, output, scratch, 1, nn_depthwise_rows_one_sided_dsp);
}

void nn_depthwise_dilated_two_sided_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input,
                                           int8_t *output, void *scratch) {
    dilated_image(op, input, output, scratch, 0, nn_depthwise_rows_two_sided_dsp);
}

void nn_depthwise_dilated3_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input, int8_t *output,
                                  void *scratch) {
    dilated_image(op, input, output, scratch, 1, nn_depthwise_rows3_one_sided_dsp);
}

void nn_depthwise_dilated3_two_sided_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input,
                                            int8_t *output, void *scratch) {
    dilated_image(op, input, output, scratch, 0, nn_depthwise_rows3_two_sided_dsp);
}
