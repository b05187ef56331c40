#include "nn_depthwise_any_dsp.h"

#include "nn_clamp_dsp.h"
#include "nn_depthwise_pixel_dsp.h"
#include "nn_requant_dsp.h"

/* Inputs of outputs 0 and 2 in one word, those of 1 and 3 in another. */
static inline struct nn_depthwise_sums add(const void *op, struct nn_depthwise_sums s, uint32_t weights, const void *in,
                                           const int32_t *channels) {
    const struct nn_depthwise_any_s8_dsp *own = op;
    const uint32_t offset = (uint32_t)(uint16_t)-own->input_zero_point * 0x10001U;
    const uint32_t w02 = nn_sxtb16(weights), w13 = nn_sxtb16_odd(weights);
    uint32_t even, odd;
    if (channels == NULL) {
        const uint32_t word = nn_load_word(in);
        even = nn_sxtab16(offset, word);
        odd = nn_sxtab16_odd(offset, word);
    } else {
        const int8_t *at = in;
        even = nn_sadd16(nn_pkhbt((uint32_t)at[channels[0]], (uint32_t)at[channels[2]]), offset);
        odd = nn_sadd16(nn_pkhbt((uint32_t)at[channels[1]], (uint32_t)at[channels[3]]), offset);
    }
    const struct nn_depthwise_sums next = {{nn_smlabb(even, w02, s.of[0]), nn_smlabb(odd, w13, s.of[1]),
                                            nn_smlatt(even, w02, s.of[2]), nn_smlatt(odd, w13, s.of[3])}};
    return next;
}

static inline int8_t output_of(int32_t sum, const uint32_t *tail, int32_t round) {
    return nn_rescale_s8_dsp(sum, (int32_t)tail[0], (int32_t)tail[NN_DEPTHWISE_GROUP], round);
}

static inline void store(const void *op, struct nn_depthwise_sums s, const uint32_t *tail, void *output,
                         int32_t present) {
    const int32_t round = ((const struct nn_depthwise_any_s8_dsp *)op)->round;
    int8_t *to = output;
    to[0] = output_of(s.of[0], tail, round);
    if (present > 1) {
        to[1] = output_of(s.of[1], tail + 1, round);
    }
    if (present > 2) {
        to[2] = output_of(s.of[2], tail + 2, round);
    }
    if (present > 3) {
        to[3] = output_of(s.of[3], tail + 3, round);
    }
}

static const struct nn_depthwise_type type = {sizeof(int8_t), add, store};

/* Four outputs of four neighbouring inputs; `tail` has their multipliers and shifts. */
static inline void store_four(struct nn_depthwise_sums s, const uint32_t *tail, int32_t round, int8_t *output) {
    output[0] = output_of(s.of[0], tail, round);
    output[1] = output_of(s.of[1], tail + 1, round);
    output[2] = output_of(s.of[2], tail + 2, round);
    output[3] = output_of(s.of[3], tail + 3, round);
}

/* One pixel of channels in fours. Compilers keep neither `op` nor what belongs to the window in registers otherwise. */
NN_APART static void vector_pixel(const void *op, const struct nn_depthwise_pixel *pixel, const char *input,
                                  char *output) {
    const struct nn_depthwise_any_s8_dsp *own = op;
    const struct nn_window *window = &own->shape.window;
    const int32_t channels = own->shape.input_channels;
    const int32_t step = window->dilation_width * channels;
    const int32_t line = window->dilation_height * window->input_width * channels;
    const int32_t y = pixel->rows.origin + pixel->rows.begin * window->dilation_height;
    const int32_t x = pixel->columns.origin + pixel->columns.begin * window->dilation_width;
    const uint32_t *weights = own->shape.stream;
    input += (y * window->input_width + x) * channels;
    for (const char *end = output + channels; output != end;
         output += NN_DEPTHWISE_GROUP, input += NN_DEPTHWISE_GROUP) {
        struct nn_depthwise_sums sums = {
            {(int32_t)weights[0], (int32_t)weights[1], (int32_t)weights[2], (int32_t)weights[3]}};
        const char *row = input;
        weights += NN_DEPTHWISE_GROUP;
        for (int32_t ky = pixel->rows.begin; ky < pixel->rows.end; ++ky, row += line) {
            const uint32_t *w = weights + ky * window->kernel_width + pixel->columns.begin;
            const uint32_t *last = weights + ky * window->kernel_width + pixel->columns.end;
            const char *in = row;
#pragma GCC unroll 2
            for (; w != last; in += step) {
                sums = add(op, sums, *w++, in, NULL);
            }
        }
        weights += window->kernel_height * window->kernel_width;
        store_four(sums, weights, own->round, (int8_t *)output);
        weights += 2 * NN_DEPTHWISE_GROUP;
    }
}

NN_APART static void scattered_pixel(const void *op, const struct nn_depthwise_pixel *pixel, const char *input,
                                     char *output) {
    const struct nn_depthwise_any_s8_dsp *own = op;
    nn_depthwise_compute_pixel(&own->shape, &type, op, pixel, input, output, 0);
}

void nn_depthwise_any_s8_dsp(const struct nn_depthwise_any_s8_dsp *op, const int8_t *input, int8_t *output) {
    const struct nn_depthwise_shape_dsp *shape = &op->shape;
    nn_depthwise_images(shape, sizeof *output, op, (const char *)input, (char *)output,
                        shape->vector ? vector_pixel : scattered_pixel);
    nn_clamp_s8_dsp(output, nn_depthwise_outputs(shape), op->activation_min, op->activation_max);
}
