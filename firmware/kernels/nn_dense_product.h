/* Dense layers whose weights are computed: products of the rows of two matrices. */
#ifndef NN_DENSE_PRODUCT_H
#define NN_DENSE_PRODUCT_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* data [rows, depth] times weights [units, depth], transposed, gives [rows, units]. Zero points in [-128, 127],
 * multiplier and shift as in nn_requant; bias may be NULL. No sum leaves int32: 65025 * depth and the bias fit. */
struct nn_dense_product_s8 {
    int32_t rows, depth, units;
    int32_t data_zero_point, weights_zero_point, output_zero_point;
    int32_t multiplier, shift;
    int32_t activation_min, activation_max;
    const int32_t *bias;
};

void nn_dense_product_s8(const struct nn_dense_product_s8 *op, const int8_t *data, const int8_t *weights,
                         int8_t *output);

/* Sums are added up in the order of the depth, from 0, the bias last; NULL adds 0. */
struct nn_dense_product_f32 {
    int32_t rows, depth, units;
    float activation_min, activation_max;
    const float *bias;
};

void nn_dense_product_f32(const struct nn_dense_product_f32 *op, const float *data, const float *weights,
                          float *output);

#ifdef __cplusplus
}
#endif

#endif
