/* Singular value decomposition filters: recurrent layers of rank-`rank` filters over the last inputs. */
#ifndef NN_SVDF_H
#define NN_SVDF_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* input [batches, input_size], feature_weights [units * rank, input_size], time_weights [units * rank, memory],
 * output [batches, units]; state [batches, units * rank, memory], which keeps its value from one call to the next.
 *
 * The oldest of each `memory` numbers of the state makes room for the feature weights times the input (without its zero
 * point), rescaled, clamped to the state's type, and the state's zero point added. Then the time weights times the
 * state (without its zero point), summed over rank and memory with the bias, are rescaled to the output. This sum loses
 * the bits that do not fit in int32, as it does in TensorFlow Lite Micro. Multipliers and shifts are as in nn_requant;
 * the feature weights' sums fit in int32; zero points are in the range of their type; `bias` may be NULL. */
struct nn_svdf_s8 {
    int32_t batches, input_size;
    int32_t units, rank, memory;
    int32_t state_zero_point, output_zero_point;
    int32_t feature_multiplier, feature_shift;
    int32_t time_multiplier, time_shift;
    const int8_t *feature_weights;
    const int32_t *feature_bias; /* -(input zero point) * (sum of a filter's feature weights) */
    const void *time_weights;    /* of the state's type */
    const int32_t *bias;
};

/* States and time weights of int8, and of int16. */
void nn_svdf_s8(const struct nn_svdf_s8 *op, const int8_t *input, int8_t *state, int8_t *output);
void nn_svdf_s8_s16(const struct nn_svdf_s8 *op, const int8_t *input, int16_t *state, int8_t *output);

/* The same of floats: no zero points, no rescaling; each filter's sum over the memory, in order and from 0, is added to
 * the bias in the order of the rank, and the result clamped if `clamped` is 1, activation_min <= activation_max. */
struct nn_svdf_f32 {
    int32_t batches, input_size;
    int32_t units, rank, memory;
    int32_t clamped;
    float activation_min, activation_max;
    const float *feature_weights;
    const float *time_weights;
    const float *bias;
};

void nn_svdf_f32(const struct nn_svdf_f32 *op, const float *input, float *state, float *output);

#ifdef __cplusplus
}
#endif

#endif
