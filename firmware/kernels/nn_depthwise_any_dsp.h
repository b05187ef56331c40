/* Depthwise convolution of any window and multiplier for cores with the DSP extension: four outputs of a pixel at a
 * time. */
#ifndef NN_DEPTHWISE_ANY_DSP_H
#define NN_DEPTHWISE_ANY_DSP_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What depthwise convolutions of any type have. `stream` holds, for each four outputs, in words: four biases, for each
 * place of the window four weights (int8), four multipliers, four shifts. Where outputs are not divisible by four, the
 * last group has others beside them that are not written. `vector` is whether four outputs have four neighbouring
 * inputs: a multiplier of 1 and channels divisible by four.
 *
 * Pixels are computed in order, each four outputs after all inputs of their window are read. */
struct nn_depthwise_shape_dsp {
    struct nn_window window;
    int32_t batches;
    int32_t input_channels, multiplier;
    int32_t vector;
    const uint32_t *stream;
};

/* Rescaling is nn_rescale_s8_dsp's. */
struct nn_depthwise_any_s8_dsp {
    struct nn_depthwise_shape_dsp shape;
    int32_t input_zero_point;
    int32_t round;
    int32_t activation_min, activation_max;
};

void nn_depthwise_any_s8_dsp(const struct nn_depthwise_any_s8_dsp *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
