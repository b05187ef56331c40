/* 3x3 convolutions with Winograd's F(2x2, 3x3), in integers and exactly: 16 multiplications where the sums have 36.
 *
 * A tile is 2 x 2 outputs, which 4 x 4 inputs d decide. With
 *     V = B d B^T,  B = (1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1)
 *     U = G w G^T,  G = (1 0 0; 1 1 1; 1 -1 1; 0 0 1)
 *     M = the products of U and V, element by element, summed over the input channels
 *     A M A^T,      A = (2 1 1 0; 0 1 -1 -2)
 * is four times the sums of products: the usual G has halves, here they are doubled and A makes up for it. An element
 * of U is at most 9 * 128 in magnitude and one of V at most 4 * 128, so both are 16-bit lanes, and two
 * multiply-accumulates are one SMLAD. V is computed 64-fold, which is exact in its lanes and costs nothing: unpacked
 * bytes are 256-fold if masked instead of sign-extended, and additions that halve come twice. So accumulators are
 * 256-fold, as everywhere in these kernels, and rescaling is that of nn_gemm_dsp.h. What sums exceed on the way they
 * exceed modulo 2^32.
 *
 * Four tiles and two output channels at a time: eight accumulators for each of the 16 points.
 */
#ifndef NN_WINOGRAD_DSP_H
#define NN_WINOGRAD_DSP_H

#include <stdint.h>

#include "nn_add_dsp.h"
#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NN_WINOGRAD_UNIT = 4,     /* input channels of a word */
    NN_WINOGRAD_TILES = 4,    /* of a block */
    NN_WINOGRAD_POINTS = 16,  /* of a tile */
    NN_WINOGRAD_COLUMNS = 10, /* of the image that a block covers */
    NN_WINOGRAD_SUMS = 128    /* points * tiles * 2 channels */
};

/* 3x3 windows with strides and dilations of 1; input_channels divisible by 4. Blocks of tiles go through the image row
 * by row; `blocks` of them are transformed together, so that expanded weights serve them all.
 *
 * `weights` of pair p, output channels 2 * p and 2 * p + 1, an odd last channel having zeros beside it. A step s is two
 * input channels, the lanes: 2 * s and 2 * s + 2 if s is even, 2 * s - 1 and 2 * s + 1 if it is odd.
 * expanded 0: U, int16 [points][steps][2 output channels][2 lanes]
 * expanded 1: int8 [steps][rows 0, 2, 1 of the window][3 columns][2 lanes][2 output channels], expanded for each group
 *     of blocks.
 * `factors` of an output channel are its bias word and its multiplier, as in nn_gemm_dsp.h, for raw inputs. Rescaling
 * is one-sided with NN_GEMM_FAST_SHIFT if `round` is 0, else two-sided. `pad` is one pixel of the input's zero point.
 *
 * Scratch, 4-aligned, in bytes: 128 * input_channels for each block, and
 * expanded 0: 80 * input_channels + 512; expanded 1: 80 * input_channels, or 64 * input_channels + 512 if that is more.
 * A group of blocks is written after all of its inputs are read. */
struct nn_winograd_s8_dsp {
    struct nn_window window;
    int32_t input_channels, output_channels;
    int32_t steps;         /* input_channels / 2 */
    int32_t across, tiles; /* tiles in a row of the image, and in all of it: partial ones count */
    int32_t activation_min, activation_max;
    int32_t blocks;
    int32_t expanded;
    int32_t round;
    const uint32_t *weights;
    const int32_t *factors;
    const int8_t *pad;
};

void nn_winograd_s8_dsp(const struct nn_winograd_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch);

/* With the ADD that follows, of the convolution (input1, whose activation range is all of int8, and left out) and a
 * tensor of its output's shape, where the output may start. */
struct nn_winograd_add_s8_dsp {
    struct nn_winograd_s8_dsp conv;
    struct nn_add_s8_dsp add; /* its count is output_channels */
};

void nn_winograd_add_s8_dsp(const struct nn_winograd_add_s8_dsp *op, const int8_t *input, const int8_t *residual,
                            int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
