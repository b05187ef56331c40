/* 3x3 depthwise convolution for cores with the DSP extension.
 *
 * Four channels (one word of a pixel) are computed at a time over the whole image, before the next four. Their input is
 * unpacked line by line into a ring of three lines of 16-bit elements, each channel for itself: words of two neighbours
 * in a line, the words of the three lines next to each other. Two outputs then take one load of three words and 12
 * multiply-accumulates, with the nine weights in six registers as pairs (w0, w1), (w1, w2) of each kernel row:
 *     out[2i]     += x0 * w0 + x1 * w1,  x2 * w2          with (x0, x1), (x2, x3) neighbouring words of a line
 *     out[2i + 1] += x1 * w0,  x2 * w1 + x3 * w2
 * A line is a row of the image or, where that leaves fewer outputs over, a column.
 */
#ifndef NN_DEPTHWISE_DSP_H
#define NN_DEPTHWISE_DSP_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NN_DEPTHWISE3_CHANNELS = 4,    /* computed together */
    NN_DEPTHWISE3_GROUP_WORDS = 18 /* of so many channels in the stream */
};

/* One axis of the image: sizes and padding in elements, steps in bytes from one element to the next. */
struct nn_depthwise3_axis {
    int32_t input_size, output_size, pad;
    int32_t input_step, output_step;
};

/* input [H, W, channels], output [OH, OW, channels]; one image, at least 4 channels (1 to 3 for `few`), dilation 1.
 * `line` is the axis that lines run along, `across` the other one. `stride`, 1 or 2, is that of both axes; paddings are
 * 0 or 1 at the front, and no window begins beyond the image.
 *
 * `stream` has for each four channels (the last one again where there are fewer), and last for the last four if they
 * are no multiple of 4, in words: 0 to 3    biases, scaled, see below 4 to 7    multipliers 8 to 16   as bytes, nine
 * weights for each channel, kernel line after kernel line 17        as bytes, right shifts one_sided = 1: for
 * activations that clamp at the output zero point; accumulators a are held 256-fold, the result is floor((256 * a +
 * offset) * multiplier / 2^32) >> shift, the offset being in the bias; |256 * a + offset| < 2^31 one_sided = 0: any
 * zero point, a twofold; the stream's shift is e - 1, where e >= 1 is the one that belongs to the multiplier in [2^30,
 * 2^31), and `round` is 2 * output zero point + 1; |a| < 2^29 */
struct nn_depthwise3_s8_dsp {
    struct nn_depthwise3_axis line, across;
    int32_t channels, stride;
    int32_t input_zero_point;
    int32_t activation_min, activation_max;
    int32_t one_sided, round;
    const uint32_t *stream;
};

/* One function for each stride and kind of rescaling, so that only what is used is linked: without `two_sided` for
 * one_sided = 1; with `few` for 1 to 3 channels.
 *
 * Scratch, 4-aligned: 160 + 48 * (stride * pairs + 1) bytes, where pairs = line.output_size / 2, rounded up.
 * The output may start where the input starts if they have the same size, stride is 1, and channels are a multiple of
 * 4 or fewer. */
void nn_depthwise3_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch);
void nn_depthwise3_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                    void *scratch);
void nn_depthwise3_stride2_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                  void *scratch);
void nn_depthwise3_stride2_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                            void *scratch);

void nn_depthwise3_few_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                              void *scratch);
void nn_depthwise3_few_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                        void *scratch);
void nn_depthwise3_few_stride2_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input, int8_t *output,
                                      void *scratch);
void nn_depthwise3_few_stride2_two_sided_s8_dsp(const struct nn_depthwise3_s8_dsp *op, const int8_t *input,
                                                int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
