/* The inner loops of nn_winograd_dsp.h: one block of four tiles. */
#ifndef NN_WINOGRAD_BLOCK_DSP_H
#define NN_WINOGRAD_BLOCK_DSP_H

#include "nn_winograd_dsp.h"

/* Where the outputs of a block go: those of tile t at output + 2 * t * pixel. */
struct nn_winograd_places {
    int32_t pixel, row; /* bytes from one pixel to the next, and from one row to the next */
    int32_t round;      /* as in nn_gemm_dsp.h: 0 is one-sided with the fast shift */
};

/* v [points][steps][4 tiles] = (B d) B^T of four tiles side by side, from the columns of B d, [steps][4 rows][10
 * columns]; the last two columns become the first two. At least 1 step. */
void nn_winograd_transform_dsp(uint32_t *columns, uint32_t *v, int32_t steps);

/* u [points][steps][2 channels] = G w G^T of two output channels, from [steps][9]: words of the first lane of both
 * channels and the second lane of both, of the window's rows 0, 2, 1. At least 1 step. */
void nn_winograd_expand_dsp(const uint32_t *weights, uint32_t *u, int32_t steps);

/* sums[point][channel][tile] = the products of v [points][steps][4 tiles] and u [points][steps][2 channels], two lanes
 * each, summed over the steps; at least 1 step. */
void nn_winograd_products_dsp(const uint32_t *v, const uint32_t *u, int32_t *sums, int32_t steps);

/* The 2 x 2 outputs of four tiles and two channels, from their sums, rescaled: `factors` are bias and multiplier of
 * each channel. */
void nn_winograd_outputs_dsp(const int32_t *sums, const int32_t *factors, int8_t *output,
                             const struct nn_winograd_places *places);

#endif
