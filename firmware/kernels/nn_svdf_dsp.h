/* Singular value decomposition filters for cores with the DSP extension: the filters are the outputs of a dense layer.
 */
#ifndef NN_SVDF_DSP_H
#define NN_SVDF_DSP_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As nn_svdf_s8, with the feature weights as a stream of nn_fully_connected_dsp.h (units * rank outputs, input zero
 * point included, sums below 2^23), and biases that include what the state's zero point contributes.
 *
 * Scratch, 4-aligned: 8 * (input_size / 4, rounded up) bytes, and 4 * (units * rank), rounded up to 16. */
struct nn_svdf_s8_dsp {
    int32_t batches, input_size;
    int32_t units, rank, memory;
    int32_t state_zero_point, output_zero_point;
    int32_t feature_multiplier, feature_shift;
    int32_t time_multiplier, time_shift;
    const uint32_t *feature_stream;
    const void *time_weights;
    const int32_t *bias;
};

void nn_svdf_s8_dsp(const struct nn_svdf_s8_dsp *op, const int8_t *input, int8_t *state, int8_t *output, void *scratch);
void nn_svdf_s8_s16_dsp(const struct nn_svdf_s8_dsp *op, const int8_t *input, int16_t *state, int8_t *output,
                        void *scratch);

#ifdef __cplusplus
}
#endif

#endif
