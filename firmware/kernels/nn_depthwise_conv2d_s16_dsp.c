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

static inline int16_t output_of(int32_t sum, const uint32_t *tail) {
    return (int16_t)nn_ssat16(nn_rescale_s16(sum, tail[0], tail[NN_DEPTHWISE_GROUP]));
}

static inline void store(const void *op, struct nn_depthwise_sums s, const uint32_t *tail, void *output,
                         int32_t present) {
    int16_t *to = output;
    (void)op;
    to[0] = output_of(s.of[0], tail);
    if (present > 1) {
        to[1] = output_of(s.of[1], tail + 1);
    }
    if (present > 2) {
        to[2] = output_of(s.of[2], tail + 2);
    }
    if (present > 3) {
        to[3] = output_of(s.of[3], tail + 3);
    }
}

static const struct nn_depthwise_type type = {sizeof(int16_t), add, store};

NN_APART static void vector_pixel(const void *op, const struct nn_depthwise_pixel *pixel, const char *input,
                                  char *output) {
    const struct nn_depthwise_conv2d_s16_dsp *own = op;
    nn_depthwise_compute_pixel(&own->shape, &type, op, pixel, input, output, 1);
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
    nn_clamp_s16_dsp(output, nn_depthwise_outputs(shape), op->activation_min, op->activation_max, 0);
}
