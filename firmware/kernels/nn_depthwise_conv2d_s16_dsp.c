#include <stddef.h>

#include "nn_conv_s16_dsp.h"
#include "nn_depthwise_pixel_dsp.h"
#include "nn_rescale_s16_dsp.h"

/* Inputs of outputs 0 and 1 in one word, those of 2 and 3 in another. */
static inline struct nn_depthwise_sums add(const void *op, struct nn_depthwise_sums s, uint32_t weights, const void *in,
                                           const int32_t *channels) {
    const int16_t *at = in;
    const uint32_t w01 = nn_sxtb16(weights), w23 = nn_sxtb16_odd(weights);
    uint32_t low, high;
    (void)op;
    if (channels == NULL) {
        low = nn_load_word(at);
        high = nn_load_word(at + 2);
    } else {
        low = nn_pkhbt((uint16_t)at[channels[0]], (uint16_t)at[channels[1]]);
        high = nn_pkhbt((uint16_t)at[channels[2]], (uint16_t)at[channels[3]]);
    }
    const struct nn_depthwise_sums next = {{nn_smlabb(low, w01, s.of[0]), nn_smlatt(low, w01, s.of[1]),
                                            nn_smlabb(high, w23, s.of[2]), nn_smlatt(high, w23, s.of[3])}};
    return next;
}

static inline int16_t output_of(int32_t sum, const uint32_t *tail, int32_t positive) {
    const int32_t scaled = nn_rescale_s16(sum, tail[0], tail[NN_DEPTHWISE_GROUP]);
    return (int16_t)(positive ? nn_usat15(scaled) : nn_ssat16(scaled));
}

static inline void store(const void *op, struct nn_depthwise_sums s, const uint32_t *tail, void *output,
                         int32_t present) {
    const int32_t positive = ((const struct nn_depthwise_conv2d_s16_dsp *)op)->activation_min == 0;
    int16_t *to = output;
    to[0] = output_of(s.of[0], tail, positive);
    if (present > 1) {
        to[1] = output_of(s.of[1], tail + 1, positive);
    }
    if (present > 2) {
        to[2] = output_of(s.of[2], tail + 2, positive);
    }
    if (present > 3) {
        to[3] = output_of(s.of[3], tail + 3, positive);
    }
}

static const struct nn_depthwise_type type = {sizeof(int16_t), add, store};

/* Four neighbours at a time, the last ones with some of those before. */
static void vector_pixel(const void *op, const struct nn_depthwise_pixel *pixel, const char *input, char *output) {
    const struct nn_depthwise_conv2d_s16_dsp *own = op;
    const struct nn_window *window = &own->shape.window;
    const struct nn_span rows = pixel->rows, columns = pixel->columns;
    const int32_t channels = own->shape.input_channels, word = (int32_t)sizeof(uint32_t);
    const int32_t y = rows.origin + rows.begin * window->dilation_height;
    const int32_t x = columns.origin + columns.begin * window->dilation_width;
    const int16_t *in = (const int16_t *)input + (y * window->input_width + x) * channels;
    struct nn_depthwise_taps taps = {.positive = own->activation_min == 0};
    nn_depthwise_fit(window, channels * (int32_t)sizeof *in, word, NN_DEPTHWISE_GROUP * word, rows, columns, &taps);
    const uint32_t *stream = own->shape.stream;
    for (int32_t o = 0; o < channels; o += NN_DEPTHWISE_GROUP) {
        const int32_t from = o + NN_DEPTHWISE_GROUP <= channels ? o : channels - NN_DEPTHWISE_GROUP;
        nn_depthwise4_s16_dsp(&taps, in + from, stream, (int16_t *)output + from);
        stream += window->kernel_height * window->kernel_width + 3 * NN_DEPTHWISE_GROUP;
    }
}

NN_APART static void scattered_pixel(const void *op, const struct nn_depthwise_pixel *pixel, const char *input,
                                     char *output) {
    const struct nn_depthwise_conv2d_s16_dsp *own = op;
    nn_depthwise_compute_pixel(&own->shape, &type, op, pixel, input, output, 0);
}

void nn_depthwise_conv2d_s16_dsp(const struct nn_depthwise_conv2d_s16_dsp *op, const int16_t *input, int16_t *output) {
    const struct nn_depthwise_shape_dsp *shape = &op->shape;
    nn_depthwise_images(shape, sizeof *output, op, (const char *)input, (char *)output,
                        shape->vector ? vector_pixel : scattered_pixel);
    nn_clamp_s16_dsp(output, nn_depthwise_outputs(shape), op->activation_min, op->activation_max,
                     op->activation_min == 0);
}

#if NN_HAS_DSP

_Static_assert(offsetof(struct nn_depthwise_taps, to_tail) == 24 && offsetof(struct nn_depthwise_taps, positive) == 28,
               "the assembly loads the members by these offsets");

/* Registers: r0 the taps, r1 the input, r2 the stream, r3 rows left, r4 to r7 sums, r8 and r9 weights, r10 and r11
 * inputs, r12 columns left, lr step. Halving last, with what rounds added before, saves a power of two. */
__attribute__((naked, noinline)) void nn_depthwise4_s16_dsp(const struct nn_depthwise_taps *taps NN_UNUSED,
                                                            const int16_t *input NN_UNUSED,
                                                            const uint32_t *stream NN_UNUSED,
                                                            int16_t *output NN_UNUSED) {
    __asm__ volatile(".syntax unified\n"
                     ".macro nn_step\n"
                     "    ldr r9, [r2], #4\n"
                     "    ldr r10, [r1]\n"
                     "    ldr r11, [r1, #4]\n"
                     "    sxtb16 r8, r9\n"
                     "    sxtb16 r9, r9, ror #8\n"
                     "    smlabb r4, r10, r8, r4\n"
                     "    smlatt r5, r10, r8, r5\n"
                     "    smlabb r6, r11, r9, r6\n"
                     "    smlatt r7, r11, r9, r7\n"
                     "    add r1, r1, lr\n"
                     ".endm\n"
                     ".macro nn_scale sum, shift\n"
                     "    sub \\shift, \\shift, #1\n"
                     "    asr \\sum, \\sum, \\shift\n"
                     "    add \\sum, \\sum, #1\n"
                     ".endm\n"

                     "    push {r3-r11, lr}\n"
                     "    ldm r2, {r4-r7}\n"
                     "    ldr r8, [r0, #20]\n"
                     "    ldr lr, [r0, #8]\n"
                     "    ldr r3, [r0]\n"
                     "    add r2, r2, r8\n"
                     "    cmp r3, #0\n"
                     "    beq 5f\n"
                     "0:\n"
                     "    ldr r12, [r0, #4]\n"
                     "    subs r12, r12, #3\n"
                     "    blt 2f\n"
                     "1:\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    subs r12, r12, #3\n"
                     "    bge 1b\n"
                     "2:\n"
                     "    adds r12, r12, #3\n"
                     "    beq 4f\n"
                     "3:\n"
                     "    nn_step\n"
                     "    subs r12, r12, #1\n"
                     "    bne 3b\n"
                     "4:\n"
                     "    ldr r8, [r0, #12]\n"
                     "    ldr r9, [r0, #16]\n"
                     "    add r1, r1, r8\n"
                     "    add r2, r2, r9\n"
                     "    subs r3, r3, #1\n"
                     "    bne 0b\n"
                     "5:\n"
                     "    ldr r8, [r0, #24]\n"
                     "    ldr r0, [r0, #28]\n"
                     "    ldr r3, [sp]\n"
                     "    add r2, r2, r8\n"
                     "    ldm r2!, {r8-r11}\n"
                     "    smmul r4, r4, r8\n"
                     "    smmul r5, r5, r9\n"
                     "    smmul r6, r6, r10\n"
                     "    smmul r7, r7, r11\n"
                     "    ldm r2, {r8-r11}\n"
                     "    nn_scale r4, r8\n"
                     "    nn_scale r5, r9\n"
                     "    nn_scale r6, r10\n"
                     "    nn_scale r7, r11\n"
                     "    cmp r0, #0\n"
                     "    bne 6f\n"
                     "    ssat r4, #16, r4, asr #1\n"
                     "    ssat r5, #16, r5, asr #1\n"
                     "    ssat r6, #16, r6, asr #1\n"
                     "    ssat r7, #16, r7, asr #1\n"
                     "    b 7f\n"
                     "6:\n"
                     "    usat r4, #15, r4, asr #1\n"
                     "    usat r5, #15, r5, asr #1\n"
                     "    usat r6, #15, r6, asr #1\n"
                     "    usat r7, #15, r7, asr #1\n"
                     "7:\n"
                     "    strh r4, [r3]\n"
                     "    strh r5, [r3, #2]\n"
                     "    strh r6, [r3, #4]\n"
                     "    strh r7, [r3, #6]\n"
                     "    pop {r3-r11, pc}\n"
                     ".purgem nn_step\n"
                     ".purgem nn_scale\n");
}

#else

void nn_depthwise4_s16_dsp(const struct nn_depthwise_taps *taps, const int16_t *input, const uint32_t *stream,
                           int16_t *output) {
    const int32_t *biases = (const int32_t *)stream;
    const int32_t element = (int32_t)sizeof *input, word = (int32_t)sizeof *stream;
    struct nn_depthwise_sums sums = {{biases[0], biases[1], biases[2], biases[3]}};
    stream += taps->to_first / word;
    for (int32_t row = taps->rows; row > 0; --row) {
        for (int32_t left = taps->columns; left > 0; --left, input += taps->step / element) {
            sums = add(NULL, sums, *stream++, input, NULL);
        }
        input += taps->next_row / element;
        stream += taps->left_out / word;
    }
    stream += taps->to_tail / word;
    for (int32_t i = 0; i < NN_DEPTHWISE_GROUP; ++i) {
        output[i] = output_of(sums.of[i], stream + i, taps->positive);
    }
}

#endif
