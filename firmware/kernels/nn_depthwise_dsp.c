#include "nn_depthwise_dsp.h"

#include <stddef.h>

#include "nn_clamp_dsp.h"
#include "nn_dsp.h"

enum { LINES = 3, WEIGHT_PAIRS = 5, WEIGHT_WORDS = 2 * WEIGHT_PAIRS, CHANNELS = NN_DEPTHWISE3_CHANNELS };

/* One channel of one line of outputs. */
struct line {
    const uint32_t *ring;    /* [words][3 lines] */
    const uint32_t *weights; /* pairs (w0, w1), (w1, w2) of the kernel lines, in the order of the ring's lines */
    int32_t bias;
    const uint32_t *end; /* the word of the ring that the last full pair of outputs ends with */
    int32_t multiplier, shift;
    int8_t *output;
    int32_t output_step;
    int32_t round;
    int32_t odd; /* whether one more output follows */
};

#if NN_HAS_DSP

_Static_assert(offsetof(struct line, bias) == 8 && offsetof(struct line, odd) == 36,
               "the assembly loads the members in this order");

/* Registers: r0 the ring, r1 r2 r3 a word of each line, r4 r5 constants, r6 to r11 weights, r12 and lr two outputs.
 * Stack: bias, end, multiplier, shift, output, step, round, odd. The struct is laid out for the two LDMs.
 * An odd last output is computed as a pair whose second half is stored first, to the same place. */
#define LINE_BEGIN                                                                                                     \
    "    push {r4-r11, lr}\n"                                                                                          \
    "    ldm r0, {r0-r8, r12}\n"                                                                                       \
    "    push {r2-r8, r12}\n"                                                                                          \
    "    ldm r1, {r6-r11}\n"                                                                                           \
    "    ldm r0!, {r1-r3}\n"                                                                                           \
    "    b 2f\n"                                                                                                       \
    "1:\n"                                                                                                             \
    "    ldr lr, [sp]\n"

#define LINE_STRIDE1                                                                                                   \
    "    smlad r12, r1, r6, lr\n"                                                                                      \
    "    smlatb lr, r1, r6, lr\n"                                                                                      \
    "    smlad r12, r2, r8, r12\n"                                                                                     \
    "    smlatb lr, r2, r8, lr\n"                                                                                      \
    "    smlad r12, r3, r10, r12\n"                                                                                    \
    "    smlatb lr, r3, r10, lr\n"                                                                                     \
    "    ldm r0!, {r1-r3}\n"                                                                                           \
    "    smlabt r12, r1, r7, r12\n"                                                                                    \
    "    smlad lr, r1, r7, lr\n"                                                                                       \
    "    smlabt r12, r2, r9, r12\n"                                                                                    \
    "    smlad lr, r2, r9, lr\n"                                                                                       \
    "    smlabt r12, r3, r11, r12\n"                                                                                   \
    "    smlad lr, r3, r11, lr\n"

#define LINE_STRIDE2                                                                                                   \
    "    smlad r12, r1, r6, lr\n"                                                                                      \
    "    smlad r12, r2, r8, r12\n"                                                                                     \
    "    smlad r12, r3, r10, r12\n"                                                                                    \
    "    ldm r0!, {r1-r3}\n"                                                                                           \
    "    smlabt r12, r1, r7, r12\n"                                                                                    \
    "    smlad lr, r1, r6, lr\n"                                                                                       \
    "    smlabt r12, r2, r9, r12\n"                                                                                    \
    "    smlad lr, r2, r8, lr\n"                                                                                       \
    "    smlabt r12, r3, r11, r12\n"                                                                                   \
    "    smlad lr, r3, r10, lr\n"                                                                                      \
    "    ldm r0!, {r1-r3}\n"                                                                                           \
    "    smlabt lr, r1, r7, lr\n"                                                                                      \
    "    smlabt lr, r2, r9, lr\n"                                                                                      \
    "    smlabt lr, r3, r11, lr\n"

#define LINE_ONE_SIDED                                                                                                 \
    "    ldrd r4, r5, [sp, #8]\n"                                                                                      \
    "    smmul r12, r12, r4\n"                                                                                         \
    "    smmul lr, lr, r4\n"                                                                                           \
    "    asr r12, r12, r5\n"                                                                                           \
    "    asr lr, lr, r5\n"                                                                                             \
    "    ssat r12, #8, r12\n"                                                                                          \
    "    ssat lr, #8, lr\n"

#define LINE_TWO_SIDED                                                                                                 \
    "    ldrd r4, r5, [sp, #8]\n"                                                                                      \
    "    smmulr r12, r12, r4\n"                                                                                        \
    "    smmulr lr, lr, r4\n"                                                                                          \
    "    ldr r4, [sp, #24]\n"                                                                                          \
    "    add r12, r12, r12, asr #31\n"                                                                                 \
    "    add lr, lr, lr, asr #31\n"                                                                                    \
    "    add r12, r12, r4\n"                                                                                           \
    "    add lr, lr, r4\n"                                                                                             \
    "    asr r12, r12, r5\n"                                                                                           \
    "    asr lr, lr, r5\n"                                                                                             \
    "    ssat r12, #8, r12, asr #1\n"                                                                                  \
    "    ssat lr, #8, lr, asr #1\n"

/* `pair` is how far r0 moves in a pair of outputs. */
#define LINE_END(pair)                                                                                                 \
    "    ldrd r4, r5, [sp, #16]\n"                                                                                     \
    "    strb lr, [r4, r5]\n"                                                                                          \
    "    strb r12, [r4]\n"                                                                                             \
    "    add r4, r4, r5, lsl #1\n"                                                                                     \
    "    str r4, [sp, #16]\n"                                                                                          \
    "2:\n"                                                                                                             \
    "    ldr r4, [sp, #4]\n"                                                                                           \
    "    cmp r0, r4\n"                                                                                                 \
    "    bne 1b\n"                                                                                                     \
    "    ldr r5, [sp, #28]\n"                                                                                          \
    "    cbz r5, 3f\n"                                                                                                 \
    "    adds r4, #" pair "\n"                                                                                         \
    "    movs r5, #0\n"                                                                                                \
    "    str r4, [sp, #4]\n"                                                                                           \
    "    str r5, [sp, #20]\n"                                                                                          \
    "    str r5, [sp, #28]\n"                                                                                          \
    "    b 1b\n"                                                                                                       \
    "3:\n"                                                                                                             \
    "    add sp, sp, #32\n"                                                                                            \
    "    pop {r4-r11, pc}\n"

#define LINE_FUNCTION(name, stride, rescale, pair)                                                                     \
    __attribute__((naked, noinline)) static void name(const struct line *line NN_UNUSED) {                             \
        __asm__ volatile(".syntax unified\n" LINE_BEGIN stride rescale LINE_END(pair));                                \
    }

LINE_FUNCTION(stride1_one_sided, LINE_STRIDE1, LINE_ONE_SIDED, "12")
LINE_FUNCTION(stride1_two_sided, LINE_STRIDE1, LINE_TWO_SIDED, "12")
LINE_FUNCTION(stride2_one_sided, LINE_STRIDE2, LINE_ONE_SIDED, "24")
LINE_FUNCTION(stride2_two_sided, LINE_STRIDE2, LINE_TWO_SIDED, "24")

#else

static int32_t rescale(const struct line *line, int32_t acc, int32_t one_sided) {
    if (one_sided) {
        return nn_ssat8(nn_smmul(acc, line->multiplier) >> line->shift);
    }
    const int32_t rounded = nn_smmlar(acc, line->multiplier, 0);
    return nn_ssat8((rounded + (rounded >> 31) + line->round) >> line->shift >> 1);
}

/* The outputs one by one, in the order of the assembly. */
static void compute_line(const struct line *line, int32_t stride, int32_t one_sided) {
    const int32_t pair_words = stride * LINES;
    const int32_t outputs = 2 * (int32_t)((line->end - line->ring - LINES) / pair_words) + line->odd;
    for (int32_t i = 0; i < outputs; ++i) {
        int32_t acc = line->bias;
        for (int32_t tap = 0; tap < LINES; ++tap) {
            const int32_t element = i * stride + tap;
            for (int32_t k = 0; k < LINES; ++k) {
                const uint32_t word = line->ring[element / 2 * LINES + k];
                const uint32_t pair = line->weights[2 * k + (tap == 2)];
                const int32_t weight = tap == 0 ? nn_low(pair) : nn_high(pair);
                acc = nn_wrapping_add(acc, (element % 2 ? nn_high(word) : nn_low(word)) * weight);
            }
        }
        line->output[i * line->output_step] = (int8_t)rescale(line, acc, one_sided);
    }
}

static void stride1_one_sided(const struct line *line) {
    compute_line(line, 1, 1);
}

static void stride1_two_sided(const struct line *line) {
    compute_line(line, 1, 0);
}

static void stride2_one_sided(const struct line *line) {
    compute_line(line, 2, 1);
}

static void stride2_two_sided(const struct line *line) {
    compute_line(line, 2, 0);
}

#endif

/* How a line of the image lies in the ring: maybe a word of padding and an element, words of two elements, maybe one of
 * an element and padding; the words after that are never used for elements. All channels' lines are `plane` words
 * apart. */
struct layout {
    int32_t words, plane;
    int32_t head, full, tail;
    int32_t step;
    uint32_t padding; /* four channels of one pixel */
    int32_t lines;    /* channels that are computed, at most four */
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
                            (uint32_t)(uint8_t)op->input_zero_point * 0x01010101U,
                            op->channels < CHANNELS ? op->channels : CHANNELS};
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
typedef void load_function(const struct layout *layout, const int8_t *input, uint32_t *ring);

NN_APART static void load_line(const struct layout *layout, const int8_t *input, uint32_t *ring) {
    load_pixels(layout, input, ring, CHANNELS);
}

/* Of less than four channels. */
NN_APART static void load_few(const struct layout *layout, const int8_t *input, uint32_t *ring) {
    if (layout->lines == 1) {
        load_pixels(layout, input, ring, 1);
    } else {
        load_pixels(layout, input, ring, layout->lines == 2 ? 2 : 3);
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
                    uint32_t *ring, uint32_t *weights, int8_t *output, struct line lines[CHANNELS]) {
    const int32_t last = LINES * (1 + op->line.output_size / 2 * op->stride);
    const int8_t *packed = (const int8_t *)(group + 2 * CHANNELS);
    const int8_t *shifts = packed + CHANNELS * LINES * LINES;
    for (int32_t c = 0; c < CHANNELS; ++c) {
        unpack_weights(packed + c * LINES * LINES, op->one_sided, weights);
        const struct line line = {ring,
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

typedef void line_function(const struct line *);

/* The whole image, four channels. */
static void compute_channels(const struct nn_depthwise3_s8_dsp *op, const struct layout *layout, const int8_t *input,
                             uint32_t *ring, struct line lines[CHANNELS], load_function *unpack,
                             line_function *compute) {
    const struct line *end = lines + (unpack == load_line ? CHANNELS : layout->lines);
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
                unpack(layout, input, ring + slot);
                input += input_step;
                inside -= 1;
            }
            slot = slot == LINES - 1 ? 0 : slot + 1;
        }
        missing = stride;
        const int32_t change = first < stride ? LINES - stride : -stride;
        first += change;
        for (struct line *line = lines; line < end; ++line) {
            compute(line);
            line->output += output_step;
            line->weights += 2 * change;
        }
    }
}

static void compute_image(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output, uint32_t *scratch,
                          load_function *unpack, line_function *compute) {
    const struct layout layout = lay_out(op);
    uint32_t *ring = scratch + CHANNELS * WEIGHT_WORDS;
    const uint32_t *group = op->stream;
    for (int32_t place = 0; place < LINES; ++place) {
        pad_line(&layout, ring + place);
    }
    int32_t c = 0;
    for (int32_t left = op->channels; left > 0; left -= CHANNELS, group += NN_DEPTHWISE3_GROUP_WORDS) {
        struct line lines[CHANNELS];
        prepare(op, &layout, group, ring, scratch, output + c, lines);
        compute_channels(op, &layout, input + c, ring, lines, unpack, compute);
        c += left < 2 * CHANNELS ? left - CHANNELS : CHANNELS; /* the last four may be some of those before */
    }
    nn_clamp_s8_dsp(output, op->line.output_size * op->across.output_size * op->channels, op->activation_min,
                    op->activation_max);
}

void nn_depthwise3_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch) {
    compute_image(op, input, output, scratch, load_line, stride1_one_sided);
}

void nn_depthwise3_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                    void *scratch) {
    compute_image(op, input, output, scratch, load_line, stride1_two_sided);
}

void nn_depthwise3_stride2_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                  void *scratch) {
    compute_image(op, input, output, scratch, load_line, stride2_one_sided);
}

void nn_depthwise3_stride2_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                            void *scratch) {
    compute_image(op, input, output, scratch, load_line, stride2_two_sided);
}

void nn_depthwise3_few_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                              void *scratch) {
    compute_image(op, input, output, scratch, load_few, stride1_one_sided);
}

void nn_depthwise3_few_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                        void *scratch) {
    compute_image(op, input, output, scratch, load_few, stride1_two_sided);
}

void nn_depthwise3_few_stride2_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                      void *scratch) {
    compute_image(op, input, output, scratch, load_few, stride2_one_sided);
}

void nn_depthwise3_few_stride2_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input,
                                                int8_t *output, void *scratch) {
    compute_image(op, input, output, scratch, load_few, stride2_two_sided);
}
