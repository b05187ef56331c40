/* Relations of two tensors, element by element, broadcast against each other. The output is bool: one byte each, 0 or
 * 1; it may start where an input starts that is not repeated. a > b is b < a. */
#ifndef NN_COMPARE_H
#define NN_COMPARE_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers as they are. A not-a-number equals nothing, and is neither less nor greater. */
struct nn_compare {
    struct nn_broadcast shape;
};

void nn_equal_s8(const struct nn_compare *op, const int8_t *input1, const int8_t *input2, uint8_t *output);
void nn_equal_bool(const struct nn_compare *op, const uint8_t *input1, const uint8_t *input2, uint8_t *output);
void nn_equal_s32(const struct nn_compare *op, const int32_t *input1, const int32_t *input2, uint8_t *output);
void nn_equal_s64(const struct nn_compare *op, const int64_t *input1, const int64_t *input2, uint8_t *output);
void nn_equal_f32(const struct nn_compare *op, const float *input1, const float *input2, uint8_t *output);
void nn_not_equal_s8(const struct nn_compare *op, const int8_t *input1, const int8_t *input2, uint8_t *output);
void nn_not_equal_bool(const struct nn_compare *op, const uint8_t *input1, const uint8_t *input2, uint8_t *output);
void nn_not_equal_s32(const struct nn_compare *op, const int32_t *input1, const int32_t *input2, uint8_t *output);
void nn_not_equal_s64(const struct nn_compare *op, const int64_t *input1, const int64_t *input2, uint8_t *output);
void nn_not_equal_f32(const struct nn_compare *op, const float *input1, const float *input2, uint8_t *output);
void nn_less_s8(const struct nn_compare *op, const int8_t *input1, const int8_t *input2, uint8_t *output);
void nn_less_s32(const struct nn_compare *op, const int32_t *input1, const int32_t *input2, uint8_t *output);
void nn_less_s64(const struct nn_compare *op, const int64_t *input1, const int64_t *input2, uint8_t *output);
void nn_less_f32(const struct nn_compare *op, const float *input1, const float *input2, uint8_t *output);
void nn_less_equal_s8(const struct nn_compare *op, const int8_t *input1, const int8_t *input2, uint8_t *output);
void nn_less_equal_s32(const struct nn_compare *op, const int32_t *input1, const int32_t *input2, uint8_t *output);
void nn_less_equal_s64(const struct nn_compare *op, const int64_t *input1, const int64_t *input2, uint8_t *output);
void nn_less_equal_f32(const struct nn_compare *op, const float *input1, const float *input2, uint8_t *output);

/* Quantized tensors of different scales or zero points: each input is rescaled to 2^8 steps of 1 first. Zero points in
 * [-128, 127]; multipliers and shifts as in nn_requant, shifts not above 0. */
struct nn_compare_scaled_s8 {
    struct nn_broadcast shape;
    int32_t zero_point1, multiplier1, shift1;
    int32_t zero_point2, multiplier2, shift2;
};

void nn_equal_scaled_s8(const struct nn_compare_scaled_s8 *op, const int8_t *input1, const int8_t *input2,
                        uint8_t *output);
void nn_not_equal_scaled_s8(const struct nn_compare_scaled_s8 *op, const int8_t *input1, const int8_t *input2,
                            uint8_t *output);
void nn_less_scaled_s8(const struct nn_compare_scaled_s8 *op, const int8_t *input1, const int8_t *input2,
                       uint8_t *output);
void nn_less_equal_scaled_s8(const struct nn_compare_scaled_s8 *op, const int8_t *input1, const int8_t *input2,
                             uint8_t *output);

#ifdef __cplusplus
}
#endif

#endif
