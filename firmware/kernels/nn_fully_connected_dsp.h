/* Fully connected layer for cores with the DSP extension: 4 outputs at a time, weights packed as in nn_gemm_dsp.h.
 *
 * Each weight is used once, so loading and unpacking it is what costs. Four inputs for four outputs take 14
 * instructions for 16 multiply-accumulates: a load of four weight words, one of two input words, four SXTB16, eight
 * SMLAD. */
#ifndef NN_FULLY_CONNECTED_DSP_H
#define NN_FULLY_CONNECTED_DSP_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_DENSE_ROWS = 4 };

/* input [batches, input_size], output [batches, output_size].
 * `stream` holds, for each four outputs (the last four filled up with zeros), in words:
 *     four biases, scaled by 256, what the input zero point and the offset of o contribute included
 *     input_size / 4, rounded up, times: a word of four weights for each of the four outputs
 * one_sided = 1: one factor for all outputs, an activation that clamps at the output zero point or above; rescaling is
 *     floor((256 * a + offset) * multiplier / 2^32) >> shift, the offset being in the bias
 * one_sided = 0: one factor, any activation; `shift` is e - 1, where e >= 1 is the right shift that belongs to the
 *     multiplier in [2^30, 2^31), and `round` is (2 * output zero point + 1) << (e - 1)
 *
 * Accumulators are below 2^23 in magnitude. */
struct nn_fully_connected_s8_dsp {
    int32_t batches, input_size, output_size;
    int32_t activation_min, activation_max;
    const uint32_t *stream;
    int32_t multiplier, shift, round, one_sided;
};

/* Scratch: 8 * (input_size / 4, rounded up) bytes, 4-aligned. A batch is read before it is written: with one batch the
 * output may overlap the input in any way. */
void nn_fully_connected_s8_dsp(const struct nn_fully_connected_s8_dsp *op, const int8_t *input, int8_t *output,
                               void *scratch);

/* Makes sums[rows] those of a layer, without rescaling: rows divisible by four, a stream as above. Accumulators are
 * below 2^23 in magnitude. operands: 2 words for each four inputs, rounded up. */
void nn_dense_sums_s8_dsp(const uint32_t *stream, const int8_t *input, int32_t input_size, uint32_t *operands,
                          int32_t *sums, int32_t rows);

/* For any factors and biases, and for accumulators that may leave 2^23: the inputs are cut into `parts` of the same
 * number of words (the last may be shorter) whose own sums stay below. The stream has the biases, filled up to four
 * outputs, then all of part 0, part 1, ... without them. `round` is nn_output_s8_dsp's. */
struct nn_fully_connected_wide_s8_dsp {
    int32_t batches, input_size, output_size;
    int32_t activation_min, activation_max;
    const uint32_t *stream;
    int32_t parts;
    int32_t output_zero_point, round;
    struct nn_requant requant;
};

/* Scratch, 4-aligned: 8 * (units of a part) + 16 * (output_size / 4, rounded up) bytes, where a part has
 * (input_size / 4, rounded up) / parts units, rounded up. */
void nn_fully_connected_wide_s8_dsp(const struct nn_fully_connected_wide_s8_dsp *op, const int8_t *input,
                                    int8_t *output, void *scratch);

/* For one to three outputs, and for weights that no lanes hold: weights as they are in the model, [output_size,
 * input_size], biases with what the input zero point contributes. No sum, without the zero point's share, leaves int32.
 * `round` is nn_output_s8_dsp's.
 * Four batches at a time, one output after another; batches that are left up to three outputs at a time, each written
 * as it is computed. */
struct nn_fully_connected_any_s8_dsp {
    int32_t batches, input_size, output_size;
    int32_t output_zero_point, round;
    int32_t activation_min, activation_max;
    struct nn_requant requant;
    const int8_t *weights;
    const int32_t *bias;
};

void nn_fully_connected_any_s8_dsp(const struct nn_fully_connected_any_s8_dsp *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
