/* Depthwise convolution of any kernel size, for cores with the DSP extension.
 *
 * Four channels (one word of a pixel) are computed at a time. A band of their image is unpacked first, less the zero
 * point and with its padding around it, as two words a pixel: channels 0 and 2, 1 and 3. A multiply-accumulate of four
 * channels then takes two double loads and four instructions, wherever the window is. For large images and 3x3 the
 * kernels of nn_depthwise_dsp.h take fewer.
 */
#ifndef NN_DEPTHWISE_PLANE_DSP_H
#define NN_DEPTHWISE_PLANE_DSP_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NN_DEPTHWISE_PLANE_CHANNELS = 4,  /* computed together */
    NN_DEPTHWISE_PLANE_HEAD_WORDS = 9 /* of so many channels in the stream, before the weights */
};

/* input [H, W, channels], output [OH, OW, channels]; one image, at least 4 channels, dilation 1, strides at most
 * the kernel's size.
 *
 * The windows of `band` rows of outputs cover band_height rows, (band - 1) * stride + kernel; all windows cover
 * band_width columns, of which copy_width, after pad_left ones of padding, are the image's.
 *
 * `stream` has for each four channels, and last for the last four if they are no multiple of 4, in words:
 *     0 to 3    biases, scaled, see nn_depthwise_dsp.h for this and the next ones; zero points are not in them
 *     4 to 7    multipliers
 *     8         as bytes, right shifts
 *     9 on      as bytes, a word for each element of the kernel: the weights of the four channels */
struct nn_depthwise_plane_s8_dsp {
    int32_t input_height, input_width, output_height, output_width, channels;
    int32_t kernel_height, kernel_width, stride_height, stride_width;
    int32_t band, band_height, band_width, copy_width, pad_top, pad_left;
    int32_t input_zero_point;
    int32_t activation_min, activation_max;
    int32_t round;
    const uint32_t *stream;
};

/* With `3`: kernels of 3x3. Without `two_sided`: for activations that clamp at the output zero point,
 * as in nn_depthwise_dsp.h.
 *
 * Scratch, 4-aligned: 8 * (band_height * band_width + kernel_height * kernel_width) + 48 bytes.
 * The output may start where the input starts if it has no more rows and no more columns, and channels are a multiple
 * of 4. */
void nn_depthwise_plane_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                               void *scratch);
void nn_depthwise_plane_two_sided_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input,
                                         int8_t *output, void *scratch);
void nn_depthwise_plane3_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                                void *scratch);
void nn_depthwise_plane3_two_sided_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input,
                                          int8_t *output, void *scratch);

/* Two-sided, with factors of a half and more among others, whose shifts are below 0: nn_depthwise_rows_dsp.h. Twofold
 * sums, shifted to the left, stay below 2^30 in magnitude. */
void nn_depthwise_plane_mixed_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                                     void *scratch);
void nn_depthwise_plane3_mixed_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                                      void *scratch);

/* The same where each input channel has `multiplier` filters, at least 2: input [H, W, channels / multiplier]. The
 * output must not overlap the input. */
struct nn_depthwise_repeated_s8_dsp {
    struct nn_depthwise_plane_s8_dsp plane;
    int32_t multiplier;
};

void nn_depthwise_repeated_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input, int8_t *output,
                                  void *scratch);
void nn_depthwise_repeated_two_sided_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input,
                                            int8_t *output, void *scratch);
void nn_depthwise_repeated3_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input, int8_t *output,
                                   void *scratch);
void nn_depthwise_repeated3_two_sided_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input,
                                             int8_t *output, void *scratch);

/* The same with dilation, and strides of 1, in phases: outputs that are a dilation apart are an image that is not
 * dilated. `band`, band_height and band_width are the largest phase's, copy_width is not used. Rows of the image, or
 * those that are dilation_height apart, must be whole numbers of dilation_width long, if there are several rows. The
 * output may start where the input starts if they have the same size, and paddings are divisible by the dilation. */
struct nn_depthwise_dilated_s8_dsp {
    struct nn_depthwise_plane_s8_dsp plane;
    int32_t dilation_height, dilation_width;
};

void nn_depthwise_dilated_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input, int8_t *output,
                                 void *scratch);
void nn_depthwise_dilated_two_sided_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input,
                                           int8_t *output, void *scratch);
void nn_depthwise_dilated3_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input, int8_t *output,
                                  void *scratch);
void nn_depthwise_dilated3_two_sided_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input,
                                            int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
