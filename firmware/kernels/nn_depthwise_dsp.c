#include "nn_depthwise_dsp.h"

#include <stddef.h>

#include "nn_clamp_dsp.h"
#include "nn_depthwise_line_dsp.h"
#include "nn_dsp.h"

enum {
    LINES = NN_DEPTHWISE3_LINES,
    WEIGHT_PAIRS = 5,
    WEIGHT_WORDS = 2 * WEIGHT_PAIRS,
    CHANNELS = NN_DEPTHWISE3_CHANNELS
};

/* How a line of the image lies in the ring: maybe a word of padding and an element, words of two elements, maybe one of
 * an element and padding; the words after that are never used for elements. All channels' lines are `plane` words
 * apart. */
struct layout {
    int32_t words, plane;
    int32_t head, full, tail;
    int32_t step;
    uint32_t padding; /* four channels of one pixel */
};

static struct layout lay_out(const struct nn_depthwise3_s8_dsp *op) {
    const int32_t words = (op->line.output_size + 1) / 2 * op->stride + 1;
    const int32_t left = op->line.input_size - op->line.pad;
    const int32_t room = words - op->line.pad;
    struct layout layout = {words,
                            LINES * words,
                            op->line.pad,
                            left / 2,
                            left % 2,
                            op->line.input_step,
                            (uint32_t)(uint8_t)op->input_zero_point * 0x01010101U};
    if (layout.full >= room) {
        layout.full = room;
        layout.tail = 0;
    }
    return layout;
}

/* Two pixels of four channels into the rings of the channels. */
static inline void store_pair(uint32_t *ring, int32_t plane, uint32_t first, uint32_t second) {
    const uint32_t even1 = nn_sxtb16(first);
    const uint32_t even2 = nn_sxtb16(second);
    const uint32_t odd1 = nn_sxtb16_odd(first);
    const uint32_t odd2 = nn_sxtb16_odd(second);
    ring[0] = nn_pkhbt(even1, even2);
    ring[plane] = nn_pkhbt(odd1, odd2);
    ring[2 * plane] = nn_pkhtb(even2, even1);
    ring[3 * plane] = nn_pkhtb(odd2, odd1);
}

/* At the ends of lines: out of line, which the inner loop is not. */
__attribute__((noinline)) static void store_end(uint32_t *ring, int32_t plane, uint32_t first, uint32_t second) {
    store_pair(ring, plane, first, second);
}

/* One to four channels of a pixel, and nothing beyond them. */
static inline uint32_t load(const int8_t *input, int32_t channels) {
    if (channels == CHANNELS) {
        return nn_load_word(input);
    }
    const uint32_t last = (uint8_t)input[channels - 1];
    return channels == 1 ? last : nn_load_half(input) | last << 16;
}

/* A line of the image into one of the three places in the ring. */
static inline __attribute__((always_inline)) void load_pixels(const struct layout *layout, const int8_t *input,
                                                              uint32_t *ring, int32_t channels) {
    const int32_t step = layout->step;
    const int32_t plane = layout->plane;
    if (layout->head) {
        store_end(ring, plane, layout->padding, load(input, channels));
        input += step;
        ring += LINES;
    }
    for (const uint32_t *end = ring + LINES * layout->full; ring != end; ring += LINES) {
        store_pair(ring, plane, load(input, channels), load(input + step, channels));
        input += 2 * step;
        NN_KEEP_IN_REGISTER(input); /* the compiler would work out where they end, by a division */
        NN_KEEP_IN_REGISTER(ring);
    }
    if (layout->tail) {
        store_end(ring, plane, load(input, channels), layout->padding);
    }
}

/* Not inlined, for the registers that their loops need. */
typedef void load_function(const struct layout *layout, const int8_t *input, uint32_t *ring, int32_t channels);

NN_APART static void load_line(const struct layout *layout, const int8_t *input, uint32_t *ring,
                               int32_t channels NN_UNUSED) {
    load_pixels(layout, input, ring, CHANNELS);
}

/* Of less than four channels. */
NN_APART static void load_few(const struct layout *layout, const int8_t *input, uint32_t *ring, int32_t channels) {
    if (channels == 1) {
        load_pixels(layout, input, ring, 1);
    } else {
        load_pixels(layout, input, ring, channels == 2 ? 2 : 3);
    }
}

/* A line of padding. */
__attribute__((noinline)) static void pad_line(const struct layout *layout, uint32_t *ring) {
    const uint32_t pair = nn_sxtb16(layout->padding);
    const int32_t plane = layout->plane;
    for (const uint32_t *end = ring + plane; ring < end; ring += LINES) {
        ring[0] = pair;
        ring[plane] = pair;
        ring[2 * plane] = pair;
        ring[3 * plane] = pair;
    }
}

/* The nine weights of a channel as pairs, 256-fold or twofold; the first two kernel lines again after the third, so
 * that any rotation of the three is three consecutive ones. */
static void unpack_weights(const int8_t *packed, int32_t one_sided, uint32_t *pairs) {
#pragma GCC unroll 1
    for (int32_t k = 0; k < LINES; ++k) {
        const uint32_t word = nn_load_word(packed + LINES * k); /* three weights, and a byte that does not matter */
        uint32_t even = (word << 8) & 0xFF00FF00U;
        uint32_t odd = word & 0xFF00FF00U;
        if (!one_sided) {
            even = nn_sxtab16(nn_sxtb16(word), word);
            odd = nn_sxtab16_odd(nn_sxtb16_odd(word), word);
        }
        pairs[2 * k] = nn_pkhbt(even, odd);
        pairs[2 * k + 1] = (odd & 0xFFFFU) | (even & 0xFFFF0000U);
    }
    pairs[6] = pairs[0];
    pairs[7] = pairs[1];
    pairs[8] = pairs[2];
    pairs[9] = pairs[3];
}

/* What is the same for all lines of four channels. `weights` has WEIGHT_WORDS for each channel. */
static void prepare(const struct nn_depthwise3_s8_dsp *op, const struct layout *layout, const uint32_t *group,
                    uint32_t *ring, uint32_t *weights, int8_t *output, struct nn_depthwise_line_dsp lines[CHANNELS]) {
    const int32_t last = LINES * (1 + op->line.output_size / 2 * op->stride);
    const int8_t *packed = (const int8_t *)(group + 2 * CHANNELS);
    const int8_t *shifts = packed + CHANNELS * LINES * LINES;
    for (int32_t c = 0; c < CHANNELS; ++c) {
        unpack_weights(packed + c * LINES * LINES, op->one_sided, weights);
        const struct nn_depthwise_line_dsp line = {ring,
                                                   weights,
                                                   (int32_t)group[c],
                                                   ring + last,
                                                   (int32_t)group[CHANNELS + c],
                                                   shifts[c],
                                                   output + c,
                                                   op->line.output_step,
                                                   op->round * (1 << shifts[c]),
                                                   op->line.output_size % 2};
        lines[c] = line;
        ring += layout->plane;
        weights += WEIGHT_WORDS;
    }
}

/* A line of outputs of each channel, and on to the next one. Not inlined, for its registers, too. */
NN_APART static void compute_lines(struct nn_depthwise_line_dsp *line, const struct nn_depthwise_line_dsp *end,
                                   int32_t output_step, int32_t change, nn_depthwise_line_function_dsp *compute) {
    for (; line < end; ++line) {
        compute(line);
        line->output += output_step;
        line->weights += change;
    }
}

/* The whole image, four channels. */
static void compute_channels(const struct nn_depthwise3_s8_dsp *op, const struct layout *layout, const int8_t *input,
                             uint32_t *ring, struct nn_depthwise_line_dsp lines[CHANNELS], load_function *unpack,
                             nn_depthwise_line_function_dsp *compute) {
    const int32_t channels = unpack == load_line ? CHANNELS : op->channels;
    const int32_t stride = op->stride;
    const int32_t input_step = op->across.input_step;
    const int32_t output_step = op->across.output_step;
    int32_t above = op->across.pad;         /* lines of padding to come */
    int32_t inside = op->across.input_size; /* lines of the image to come after them */
    int32_t missing = LINES;                /* lines that the next windows have to get */
    int32_t slot = 0;                       /* the place in the ring for the next one */
    int32_t first = 0;                      /* the kernel line that belongs to the first place in the ring */
    for (int32_t left = op->across.output_size; left > 0; --left) {
        for (; missing > 0; --missing) {
            if (above > 0 || inside == 0) {
                pad_line(layout, ring + slot);
                above -= 1;
            } else {
                unpack(layout, input, ring + slot, channels);
                input += input_step;
                inside -= 1;
            }
            slot = slot == LINES - 1 ? 0 : slot + 1;
        }
        missing = stride;
        const int32_t change = first < stride ? LINES - stride : -stride;
        first += change;
        compute_lines(lines, lines + channels, output_step, 2 * change, compute);
    }
}

static void compute_image(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output, uint32_t *scratch,
                          load_function *unpack, nn_depthwise_line_function_dsp *compute) {
    const struct layout layout = lay_out(op);
    uint32_t *ring = scratch + CHANNELS * WEIGHT_WORDS;
    const uint32_t *group = op->stream;
    for (int32_t place = 0; place < LINES; ++place) {
        pad_line(&layout, ring + place);
    }
    int32_t c = 0;
    for (int32_t left = op->channels; left > 0; left -= CHANNELS, group += NN_DEPTHWISE3_GROUP_WORDS) {
        struct nn_depthwise_line_dsp lines[CHANNELS];
        prepare(op, &layout, group, ring, scratch, output + c, lines);
        compute_channels(op, &layout, input + c, ring, lines, unpack, compute);
        c += left < 2 * CHANNELS ? left - CHANNELS : CHANNELS; /* the last four may be some of those before */
    }
    nn_clamp_s8_dsp(output, op->line.output_size * op->across.output_size * op->channels, op->activation_min,
                    op->activation_max);
}

void nn_depthwise3_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch) {
    compute_image(op, input, output, scratch, load_line, nn_depthwise_line1_one_sided_dsp);
}

void nn_depthwise3_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                    void *scratch) {
    compute_image(op, input, output, scratch, load_line, nn_depthwise_line1_two_sided_dsp);
}

void nn_depthwise3_stride2_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                  void *scratch) {
    compute_image(op, input, output, scratch, load_line, nn_depthwise_line2_one_sided_dsp);
}

void nn_depthwise3_stride2_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                            void *scratch) {
    compute_image(op, input, output, scratch, load_line, nn_depthwise_line2_two_sided_dsp);
}

void nn_depthwise3_few_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                              void *scratch) {
    compute_image(op, input, output, scratch, load_few, nn_depthwise_line1_one_sided_dsp);
}

void nn_depthwise3_few_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                        void *scratch) {
    compute_image(op, input, output, scratch, load_few, nn_depthwise_line1_two_sided_dsp);
}

void nn_depthwise3_few_stride2_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                      void *scratch) {
    compute_image(op, input, output, scratch, load_few, nn_depthwise_line2_one_sided_dsp);
}

void nn_depthwise3_few_stride2_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input,
                                                int8_t *output, void *scratch) {
    compute_image(op, input, output, scratch, load_few, nn_depthwise_line2_two_sided_dsp);
}
