/* Convolutions and dense layers of floats for cores with an FPU: blocks of outputs in registers, so that what is loaded
 * serves several, while each output is added up in the same order as in the portable kernels. Multiplications and
 * additions are instructions of their own: that takes two cycles where VMLA, which rounds as often, takes three.
 *
 * Places outside the image add 0 times a weight instead of being left out: a sum that began with 0 is never -0, so
 * adding a zero of either sign changes nothing, as long as weights are finite. */
#ifndef NN_CONV_F32_FPU_H
#define NN_CONV_F32_FPU_H

#include "nn_depthwise_taps.h"
#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_GEMM_F32_PIXELS = 4, NN_GEMM_F32_CHANNELS = 4, NN_DENSE_F32_ROWS = 8, NN_DEPTHWISE_F32_GROUP = 4 };

/* Constant parameters of a matrix product. `stream` holds, for each four channels, `depth` times four weights, then
 * four biases, none of which is -0; what is missing in the last four is 0. */
struct nn_gemm_f32_fpu {
    const float *stream;
    int32_t depth;    /* inputs of a pixel, at least 1 */
    int32_t fours;    /* output channels / 4, rounded up */
    int32_t positive; /* whether activation_min is 0 */
    int32_t limited;  /* whether finite numbers can be beyond other limits than that */
    float activation_min, activation_max;
};

/* Computes 4 pixels of 4 * fours channels from a block [depth][4 pixels]; pixel p's channel c goes to
 * output[p * stride + c]. Returns 0 if all outputs are finite; then, with `positive`, none is below 0. */
int32_t nn_gemm4_f32_fpu(const struct nn_gemm_f32_fpu *op, const float *block, float *output, int32_t stride);

/* The first `count` pixels of a block, `channels` of each, clamped. `tile` has room for 16 * fours floats. */
void nn_gemm_pixels_f32_fpu(const struct nn_gemm_f32_fpu *op, const float *block, int32_t count, int32_t channels,
                            float *output, int32_t stride, float *tile);

/* Any window, any channels, any number of groups. A row of a window is `runs` pieces of `run` neighbours in memory: one
 * if there is one group and no dilation in width, else one for each column. `groups` streams of gemm follow one
 * another, `stream_floats` each.
 *
 * Scratch, 8-aligned, in bytes: 16 * depth + 64 * fours.
 * Pixels are computed in order, group by group, each block of 4 read before it is written. */
struct nn_conv2d_f32_fpu {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, output_channels, groups;
    int32_t runs, run;
    int32_t stream_floats;
    struct nn_gemm_f32_fpu gemm;
};

void nn_conv2d_f32_fpu(const struct nn_conv2d_f32_fpu *op, const float *input, float *output, void *scratch);

/* A dense layer, eight outputs at a time. `stream` holds, for each eight outputs, input_size times eight weights, then
 * eight biases; what is missing in the last eight is 0. The output must not overlap the input. */
struct nn_fully_connected_f32_fpu {
    int32_t batches;
    int32_t input_size, output_size;
    float activation_min, activation_max;
    const float *stream;
};

void nn_fully_connected_f32_fpu(const struct nn_fully_connected_f32_fpu *op, const float *input, float *output);

/* sums[i] = bias + weights . input for eight outputs; `stream` as above. */
void nn_dense8_f32_fpu(const float *stream, const float *input, int32_t depth, float sums[NN_DENSE_F32_ROWS]);

/* Depthwise, any window and multiplier: four outputs at a time. `stream` holds, for each four outputs of a pixel, four
 * weights for each place of the window, [KH][KW], then four biases. With a multiplier of 1 and at least four channels
 * the last four are outputs - 4 and so on, else what is missing in them is 0.
 *
 * With a multiplier and a stride in width of 1, `together` pixels of few channels may be computed like one, where their
 * windows are inside from left to right: `stream_together` holds their outputs likewise. Else `together` is 1.
 *
 * Pixels are computed in order; no output of a pixel may be where its window is. */
struct nn_depthwise_conv2d_f32_fpu {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, multiplier, together;
    float activation_min, activation_max;
    const float *stream;
    const float *stream_together; /* NULL without */
};

void nn_depthwise_conv2d_f32_fpu(const struct nn_depthwise_conv2d_f32_fpu *op, const float *input, float *output);

/* Four neighbouring outputs of one pixel, `weights` being where their stream begins. Returns 0 if all are finite; where
 * not, they may be below 0 all the same. */
int32_t nn_depthwise4_f32_fpu(const struct nn_depthwise_taps *taps, const float *input, const float *weights,
                              float *output);

/* Clamps `count` outputs. `finite`: they are, and where `low` is 0 none is below 0. */
void nn_limit_f32_fpu(float *data, int32_t count, float low, float high, int32_t finite);

#ifdef __cplusplus
}
#endif

#endif
