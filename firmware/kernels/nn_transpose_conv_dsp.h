/* Transposed convolutions for cores with the DSP extension: matrix products over blocks of 4 output pixels.
 *
 * Of an output, only the taps meet an input whose distance from it is a multiple of the stride: outputs fall into
 * stride_height * stride_width phases, each of which is a convolution with stride 1 and some of the taps. A row of
 * outputs has one vertical phase. The input rows that it needs are unpacked once for all its horizontal phases, as
 * nn_conv2d_rows_s8_dsp does: the four pixels of a block are a quarter of a strip apart, and every window is one
 * contiguous piece. */
#ifndef NN_TRANSPOSE_CONV_DSP_H
#define NN_TRANSPOSE_CONV_DSP_H

#include "nn_gemm_dsp.h"
#include "nn_gemm_s16_dsp.h"
#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Horizontal phases that are computed together; an output pixel of one is the t-th of its kind in its row. */
struct nn_transpose_group_dsp {
    int32_t first;  /* of its window's columns: how far it lies behind the strip's first column, for t = 0 */
    int32_t width;  /* its window's columns */
    int32_t column; /* of the output, of its first pixel */
    int32_t count;  /* its pixels in a row */
};

/* `window` is as of nn_transpose_conv_s8, with a kernel no smaller than the stride (taps that are not there have
 * weights of zero). For input_channels / 4 rounded up to `units`, a window of a group has [width][rows][units] units,
 * rows being (kernel_height - phase) / stride_height, rounded up: the rows of that vertical phase, in the input's
 * order, each place filled up with zeros. Groups have `channels` channels: all output channels of one horizontal
 * phase, or of all of them.
 *
 * Strips are of 4 * `columns` pixels of each group: `strip_columns` input columns for each of the four pixels, of
 * which the first is `first` behind t.
 *
 * streams[phase * groups + group]: where its stream begins, in words. */
struct nn_transpose_shape_dsp {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels;
    int32_t units, channels;
    int32_t columns, strip_columns, first;
    int32_t longest; /* the largest count of a group */
    int32_t groups;
    const int32_t *group; /* `groups` times what nn_transpose_group_dsp holds */
    const int32_t *streams;
};

/* gemm.units is not used.
 *
 * Scratch, 4-aligned: strip_columns * (kernel_height / stride_height, rounded up) * units * 32 bytes, and 8 * pairs
 * for blocks of less than 4 pixels and odd channels.
 * A row of outputs of a strip is written after its input rows are unpacked. */
struct nn_transpose_conv_s8_dsp {
    struct nn_transpose_shape_dsp shape;
    int32_t input_zero_point;
    int32_t activation_min, activation_max;
    struct nn_gemm_dsp gemm;
};

void nn_transpose_conv_s8_dsp(const struct nn_transpose_conv_s8_dsp *op, const int8_t *input, int8_t *output,
                              void *scratch);

/* The same with a wide matrix product: many inputs, or unusual factors. A group is one phase. Instead of 8 * pairs
 * bytes it takes 40 * pairs. */
struct nn_transpose_conv_wide_s8_dsp {
    struct nn_transpose_conv_s8_dsp conv;
    struct nn_gemm_wide_dsp wide;
};

void nn_transpose_conv_wide_s8_dsp(const struct nn_transpose_conv_wide_s8_dsp *op, const int8_t *input, int8_t *output,
                                   void *scratch);

/* int16 by int8, with the sums and the rescaling of nn_gemm_s16_dsp.h. Scratch as of nn_transpose_conv_s8_dsp, with
 * twice as much for blocks of less than 4 pixels. */
struct nn_transpose_conv_s16_dsp {
    struct nn_transpose_shape_dsp shape;
    int32_t activation_min, activation_max;
    struct nn_gemm_s16_dsp gemm;
};

void nn_transpose_conv_s16_dsp(const struct nn_transpose_conv_s16_dsp *op, const int16_t *input, int16_t *output,
                               void *scratch);

#ifdef __cplusplus
}
#endif

#endif
