/* Arithmetic of two quantized tensors, broadcast against each other, with TensorFlow Lite Micro's own roundings: those
 * of nn_binary.h, where both roundings of a rescaling are one multiplication and a shift. The output may start where an
 * input starts that is not repeated. Strides of the last axis are 0 or 1, and not both 0 unless there is one element.
 *
 * floor((x * multiplier + 2^30) / 2^31), then divided by 2^shift with halves away from zero, is
 *     (floor((2 * x * multiplier + 2^31) / 2^32) + (x < 0 ? -1 : 0) + 2^(shift - 1)) >> shift
 * for shift >= 1 and |x| < 2^30. `round` is 2^(shift - 1) and what else is added before the shift: the output's zero
 * point, times 2^shift. */
#ifndef NN_PAIRS_DSP_H
#define NN_PAIRS_DSP_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct nn_rescale_dsp {
    int32_t multiplier, shift, round; /* shift 1 to 31 */
};

/* Products. offset1 is -(zero point of input 1), offset2 is -2 * (zero point of input 2). Of int16, which have no zero
 * points, the largest product is one too small when doubled: the generator compares what comes of it. */
struct nn_mul_dsp {
    struct nn_broadcast shape;
    int32_t offset1, offset2;
    struct nn_rescale_dsp output;
    int32_t count; /* of the output */
    int32_t activation_min, activation_max;
};

void nn_mul_s8_dsp(const struct nn_mul_dsp *op, const int8_t *input1, const int8_t *input2, int8_t *output);
void nn_mul_s16_dsp(const struct nn_mul_dsp *op, const int16_t *input1, const int16_t *input2, int16_t *output);

/* Sums and differences as one linear function, as nn_add_s8_dsp, broadcast: (input1 * factor1 + input2 * factor2 +
 * constant) >> shift. */
struct nn_add_rows_dsp {
    struct nn_broadcast shape;
    int32_t factor1, factor2, constant, shift;
    int32_t count;
    int32_t activation_min, activation_max;
};

void nn_add_rows_s8_dsp(const struct nn_add_rows_dsp *op, const int8_t *input1, const int8_t *input2, int8_t *output);

/* Sums and differences with all three roundings. Input 2 has the larger scale, so that its factor is a half:
 *     scaled1 = (input1 * unit + offset), rescaled
 *     sum = scaled1 * sign + input2 * factor2 + constant2, twice as much as TensorFlow Lite Micro's, rescaled
 * unit is 2^21 for int8 and 2^16 for int16, offset is -unit * (zero point). sign is 2 or -2; 4 or -4 where input 1's
 * factor is a half, too, and input.shift is 1 instead of 0, which divides even numbers. */
struct nn_add_scaled_dsp {
    struct nn_broadcast shape;
    int32_t unit, offset;
    struct nn_rescale_dsp input;
    int32_t sign, factor2, constant2;
    struct nn_rescale_dsp output;
    int32_t count;
    int32_t activation_min, activation_max;
};

void nn_add_scaled_s8_dsp(const struct nn_add_scaled_dsp *op, const int8_t *input1, const int8_t *input2,
                          int8_t *output);
void nn_add_scaled_s16_dsp(const struct nn_add_scaled_dsp *op, const int16_t *input1, const int16_t *input2,
                           int16_t *output);

/* Squared differences. Input 2 has the larger scale:
 *     difference = (input1 * unit + offset, rescaled) - input2 * 2^6; input.round has input 2's zero point
 *     output = 2 * difference^2, rescaled; it is not negative
 * unit is 2^8, or twice that where input 1's factor is a half, too, and input.shift is 1 instead of 0. */
struct nn_squared_difference_dsp {
    struct nn_broadcast shape;
    int32_t unit, offset;
    struct nn_rescale_dsp input, output;
};

void nn_squared_difference_s8_dsp(const struct nn_squared_difference_dsp *op, const int8_t *input1,
                                  const int8_t *input2, int8_t *output);

/* x = input1 + offset1; where it is not negative x * unit, else x * (2 * input2 + offset2), each rescaled. The shift of
 * what is not negative may be 0. */
struct nn_prelu_dsp {
    struct nn_broadcast shape;
    int32_t offset1, offset2, unit;
    struct nn_rescale_dsp positive, negative;
};

void nn_prelu_s8_dsp(const struct nn_prelu_dsp *op, const int8_t *input1, const int8_t *input2, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
