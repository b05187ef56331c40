/* Elementwise addition as one linear function. */
#ifndef NN_ADD_DSP_H
#define NN_ADD_DSP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* output = (input1 * factor1 + input2 * factor2 + constant) >> shift, clamped to the activation range, for `count`
 * elements.
 *
 * TensorFlow Lite Micro rescales and rounds three times. There are only 65,536 pairs of inputs: the generator finds
 * factors with which this formula gives its result for every one of them, without overflow, or does not use this
 * kernel.
 */
struct nn_add_s8_dsp {
    int32_t count;
    int32_t activation_min, activation_max;
    int32_t factor1, factor2, constant, shift;
};

/* The output may start where an input starts. */
void nn_add_s8_dsp(const struct nn_add_s8_dsp *op, const int8_t *input1, const int8_t *input2, int8_t *output);

/* For scales with which no such factors exist (with ratios like 5/4, many sums fall between two outputs): TensorFlow
 * Lite Micro's own arithmetic, where input2 has the larger scale, so that its rescaling is a shift. With
 *     sum = table[input1, as unsigned] + input2 * 2^20
 * twice the sum of the rescaled inputs, both zero points included,
 *     output = (floor((sum * multiplier + 2^31) / 2^32) + (sum < 0 ? -1 : 0) + round) >> shift
 * clamped to the activation range. */
struct nn_add_table_s8_dsp {
    int32_t count;
    int32_t activation_min, activation_max;
    const int32_t *table;
    int32_t multiplier, shift, round;
};

void nn_add_table_s8_dsp(const struct nn_add_table_s8_dsp *op, const int8_t *input1, const int8_t *input2,
                         int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
