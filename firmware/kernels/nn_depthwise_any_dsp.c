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

NN_APART static void vector_pixel(const void *op, const struct nn_depthwise_pixel *pixel, const char *input,
                                  char *output) {
    const struct nn_depthwise_any_s8_dsp *own = op;
    nn_depthwise_compute_pixel(&own->shape, &type, op, pixel, input, output, 1);
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
