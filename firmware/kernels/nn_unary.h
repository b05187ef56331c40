/* Functions of one number, element by element; those of an int8 are tables (nn_lookup_8 in nn_elementwise.h). The
 * output may start where the input starts. */
#ifndef NN_UNARY_H
#define NN_UNARY_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* int16 with zero points of 0: one straight line for numbers not below zero and one for those below, each a factor as
 * in nn_requant; the second is subtracted if `negate` is 1. If `mirror` is 1, numbers below zero change their sign
 * first. activation_min <= activation_max, both in int16, or the latter 2^15, which wraps around. */
struct nn_two_lines_s16 {
    int32_t count;
    int32_t positive_multiplier, positive_shift;
    int32_t negative_multiplier, negative_shift;
    int32_t negate, mirror;
    int32_t activation_min, activation_max;
};

void nn_two_lines_s16(const struct nn_two_lines_s16 *op, const int16_t *input, int16_t *output);

/* The logistic function and tanh of int16, to the scale 2^-15. The input times `multiplier`, rounded and shifted right
 * by `shift` (0 to 31), has 1/(3 * 4096) as its unit; the product fits in int32. sigmoid[i] is the logistic function of
 * i / 24 with 16 fractional bits, 256 entries. */
struct nn_sigmoid_s16 {
    int32_t count;
    int32_t multiplier, shift;
    const uint16_t *sigmoid;
};

void nn_logistic_s16(const struct nn_sigmoid_s16 *op, const int16_t *input, int16_t *output);
void nn_tanh_s16(const struct nn_sigmoid_s16 *op, const int16_t *input, int16_t *output);

/* 1 / sqrt(x) of int16, zero points 0; the largest number for 0, and for numbers below. multiplier and shift as in
 * nn_requant. */
struct nn_rsqrt_s16 {
    int32_t count;
    int32_t multiplier, shift;
};

void nn_rsqrt_s16(const struct nn_rsqrt_s16 *op, const int16_t *input, int16_t *output);

/* !x of bool: one byte each, 0 or 1. */
struct nn_unary {
    int32_t count;
};

void nn_logical_not(const struct nn_unary *op, const uint8_t *input, uint8_t *output);

/* Of floats. Rounding is to nearest, halves to even; square roots are correctly rounded;
 * exponentials as in nn_exp.h and nn_expm1.h. The logarithm and tanh give the same bits for every float as glibc's logf
 * (since release 2.27, with fused multiplication) and tanhf (up to 2.40). */
void nn_abs_f32(const struct nn_unary *op, const float *input, float *output);
void nn_elu_f32(const struct nn_unary *op, const float *input, float *output);
void nn_exp_f32(const struct nn_unary *op, const float *input, float *output);
void nn_log_f32(const struct nn_unary *op, const float *input, float *output);
void nn_logistic_f32(const struct nn_unary *op, const float *input, float *output);
void nn_ceil_f32(const struct nn_unary *op, const float *input, float *output);
void nn_floor_f32(const struct nn_unary *op, const float *input, float *output);
void nn_hard_swish_f32(const struct nn_unary *op, const float *input, float *output);
void nn_neg_f32(const struct nn_unary *op, const float *input, float *output);
void nn_relu_f32(const struct nn_unary *op, const float *input, float *output);
void nn_relu6_f32(const struct nn_unary *op, const float *input, float *output);
void nn_round_f32(const struct nn_unary *op, const float *input, float *output);
void nn_rsqrt_f32(const struct nn_unary *op, const float *input, float *output);
void nn_sqrt_f32(const struct nn_unary *op, const float *input, float *output);
void nn_square_f32(const struct nn_unary *op, const float *input, float *output);
void nn_tanh_f32(const struct nn_unary *op, const float *input, float *output);

/* x where it is positive, else alpha * x. */
struct nn_leaky_relu_f32 {
    int32_t count;
    float alpha;
};

void nn_leaky_relu_f32(const struct nn_leaky_relu_f32 *op, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
