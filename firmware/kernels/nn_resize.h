/* Interpolation. (A resize to the nearest neighbours moves elements only: see nn_pick in nn_move.h.) */
#ifndef NN_RESIZE_H
#define NN_RESIZE_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* input [batches, input_height, input_width, channels], output [batches, output_height, output_width, channels].
 *
 * `rows` has three entries for each output row: two input rows and the second one's weight, with 10 fractional bits, in
 * [-512, 1024]; the weights of both add up to 1024. `columns` has the same for each output column. */
struct nn_resize_bilinear_s8 {
    int32_t batches, channels;
    int32_t input_height, input_width;
    int32_t output_height, output_width;
    const int16_t *rows;
    const int16_t *columns;
};

/* Rounded to nearest, halves away from zero. */
void nn_resize_bilinear_s8(const struct nn_resize_bilinear_s8 *op, const int8_t *input, int8_t *output);

/* The same, but `rows` and `columns` have two entries each, and the weights are floats of their own. */
struct nn_resize_bilinear_f32 {
    int32_t batches, channels;
    int32_t input_height, input_width;
    int32_t output_height, output_width;
    const int16_t *rows;
    const int16_t *columns;
    const float *row_weights;
    const float *column_weights;
};

void nn_resize_bilinear_f32(const struct nn_resize_bilinear_f32 *op, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
