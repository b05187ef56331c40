/* Rows of outputs of a depthwise convolution, from a band of the image that is unpacked: what nn_depthwise_plane_dsp.c
 * computes with. */
#ifndef NN_DEPTHWISE_ROWS_DSP_H
#define NN_DEPTHWISE_ROWS_DSP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_DEPTHWISE_PIXEL_WORDS = 2 /* of four channels, unpacked */ };

/* What rows of outputs need; steps within the band are in words. The assembly knows the order of the members. */
struct nn_depthwise_band_dsp {
    const uint32_t *group; /* of four channels: biases [4], weights [taps][2], multipliers and shifts [4][2] */
    int32_t row_rest;      /* from the end of a window's row to its next row, */
    int32_t next_window;   /* from the end of a window to the next one, */
    int32_t next_row;      /* and from behind a row's last window to the next row's first one */
    int32_t output_step, output_row; /* bytes of a pixel, and of a row */
    int32_t round;
    int32_t kernel_height, kernel_width;
};

/* Four channels of `rows` rows of outputs; `x` is where the first window begins. */
typedef void nn_depthwise_rows_function_dsp(const struct nn_depthwise_band_dsp *band, const uint32_t *x, int8_t *output,
                                            int32_t rows);

/* With `3`: kernels of 3x3. What kinds of rescaling there are is said in nn_depthwise_dsp.h; `mixed` is two-sided, with
 * shifts e - 1 below 0 among the others: sums of these channels are shifted to the left by -e, and rounded once. */
nn_depthwise_rows_function_dsp nn_depthwise_rows3_one_sided_dsp, nn_depthwise_rows3_two_sided_dsp;
nn_depthwise_rows_function_dsp nn_depthwise_rows3_mixed_dsp, nn_depthwise_rows_mixed_dsp;
nn_depthwise_rows_function_dsp nn_depthwise_rows_one_sided_dsp, nn_depthwise_rows_two_sided_dsp;

#ifdef __cplusplus
}
#endif

#endif
