/* Functions of two tensors, element by element, broadcast against each other. An output may start where an input starts
 * that is not repeated and whose elements are not smaller than the output's. */
#ifndef NN_BINARY_H
#define NN_BINARY_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sums and differences of quantized tensors: each input is rescaled to a common scale, 2^20 times finer for int8 and
 * 2^15 times finer for int16; the result is rescaled after. Zero points are in the range of the type; multipliers and
 * shifts as in nn_requant, shifts not above 0; activation_min <= activation_max, both in the range of the type. */
struct nn_add_quantized {
    struct nn_broadcast shape;
    int32_t zero_point1, multiplier1, shift1;
    int32_t zero_point2, multiplier2, shift2;
    int32_t output_zero_point, output_multiplier, output_shift;
    int32_t activation_min, activation_max;
};

void nn_add_s8(const struct nn_add_quantized *op, const int8_t *input1, const int8_t *input2, int8_t *output);
void nn_add_s16(const struct nn_add_quantized *op, const int16_t *input1, const int16_t *input2, int16_t *output);
void nn_sub_s8(const struct nn_add_quantized *op, const int8_t *input1, const int8_t *input2, int8_t *output);
void nn_sub_s16(const struct nn_add_quantized *op, const int16_t *input1, const int16_t *input2, int16_t *output);

/* (input1 - input2)^2: each input is rescaled to a common scale, 2^7 times finer for int8, the square is rescaled
 * after. Here output_shift may also be up to 31. Not clamped to less than the type. */
void nn_squared_difference_s8(const struct nn_add_quantized *op, const int8_t *input1, const int8_t *input2,
                              int8_t *output);
void nn_squared_difference_s16(const struct nn_add_quantized *op, const int16_t *input1, const int16_t *input2,
                               int16_t *output);

/* Products and quotients of quantized tensors, rescaled after. Zero points are in the range of the type, 0 for int16;
 * multiplier and shift as in nn_requant; activation_min <= activation_max, both in the range of the type. */
struct nn_mul_quantized {
    struct nn_broadcast shape;
    int32_t zero_point1, zero_point2;
    int32_t output_zero_point, output_multiplier, output_shift;
    int32_t activation_min, activation_max;
};

void nn_mul_s8(const struct nn_mul_quantized *op, const int8_t *input1, const int8_t *input2, int8_t *output);
void nn_mul_s16(const struct nn_mul_quantized *op, const int16_t *input1, const int16_t *input2, int16_t *output);

/* input1 / input2, by a reciprocal in fixed point; a divisor that is its zero point counts as 1. For all inputs,
 * floor(log2 |divisor|) + (leading sign bits of the dividend, 31 if it is 0) - output_shift is in [0, 31]. */
void nn_div_s8(const struct nn_mul_quantized *op, const int8_t *input1, const int8_t *input2, int8_t *output);

/* input1 where it is not below its zero point, else input1 * input2; each case with its own rescaling.
 * Zero points are in the range of the type, 0 for int16; multipliers and shifts as in nn_requant. */
struct nn_prelu_quantized {
    struct nn_broadcast shape;
    int32_t zero_point1, zero_point2, output_zero_point;
    int32_t positive_multiplier, positive_shift;
    int32_t negative_multiplier, negative_shift;
};

void nn_prelu_s8(const struct nn_prelu_quantized *op, const int8_t *input1, const int8_t *input2, int8_t *output);
void nn_prelu_s16(const struct nn_prelu_quantized *op, const int16_t *input1, const int8_t *input2, int16_t *output);

/* Arithmetic on plain numbers, clamped: activation_min <= activation_max. int32 wraps around; a quotient of int32 is
 * rounded towards zero, and 0 where the divisor is. */
struct nn_binary_f32 {
    struct nn_broadcast shape;
    float activation_min, activation_max;
};

void nn_add_f32(const struct nn_binary_f32 *op, const float *input1, const float *input2, float *output);
void nn_sub_f32(const struct nn_binary_f32 *op, const float *input1, const float *input2, float *output);
void nn_mul_f32(const struct nn_binary_f32 *op, const float *input1, const float *input2, float *output);
void nn_div_f32(const struct nn_binary_f32 *op, const float *input1, const float *input2, float *output);

struct nn_binary_s32 {
    struct nn_broadcast shape;
    int32_t activation_min, activation_max;
};

void nn_add_s32(const struct nn_binary_s32 *op, const int32_t *input1, const int32_t *input2, int32_t *output);
void nn_sub_s32(const struct nn_binary_s32 *op, const int32_t *input1, const int32_t *input2, int32_t *output);
void nn_mul_s32(const struct nn_binary_s32 *op, const int32_t *input1, const int32_t *input2, int32_t *output);
void nn_div_s32(const struct nn_binary_s32 *op, const int32_t *input1, const int32_t *input2, int32_t *output);

/* Functions of two numbers as they are: the larger, the smaller (the second where neither is), the squared difference,
 * x where it is not negative and x * y elsewhere. int32 wraps around. */
struct nn_binary {
    struct nn_broadcast shape;
};

void nn_maximum_s8(const struct nn_binary *op, const int8_t *input1, const int8_t *input2, int8_t *output);
void nn_maximum_s16(const struct nn_binary *op, const int16_t *input1, const int16_t *input2, int16_t *output);
void nn_maximum_s32(const struct nn_binary *op, const int32_t *input1, const int32_t *input2, int32_t *output);
void nn_maximum_s64(const struct nn_binary *op, const int64_t *input1, const int64_t *input2, int64_t *output);
void nn_maximum_f32(const struct nn_binary *op, const float *input1, const float *input2, float *output);
void nn_minimum_s8(const struct nn_binary *op, const int8_t *input1, const int8_t *input2, int8_t *output);
void nn_minimum_s16(const struct nn_binary *op, const int16_t *input1, const int16_t *input2, int16_t *output);
void nn_minimum_s32(const struct nn_binary *op, const int32_t *input1, const int32_t *input2, int32_t *output);
void nn_minimum_s64(const struct nn_binary *op, const int64_t *input1, const int64_t *input2, int64_t *output);
void nn_minimum_f32(const struct nn_binary *op, const float *input1, const float *input2, float *output);
void nn_squared_difference_s32(const struct nn_binary *op, const int32_t *input1, const int32_t *input2,
                               int32_t *output);
void nn_squared_difference_f32(const struct nn_binary *op, const float *input1, const float *input2, float *output);
void nn_prelu_f32(const struct nn_binary *op, const float *input1, const float *input2, float *output);

/* Of bool: one byte each, 0 or 1. */
void nn_logical_and(const struct nn_binary *op, const uint8_t *input1, const uint8_t *input2, uint8_t *output);
void nn_logical_or(const struct nn_binary *op, const uint8_t *input1, const uint8_t *input2, uint8_t *output);

#ifdef __cplusplus
}
#endif

#endif
