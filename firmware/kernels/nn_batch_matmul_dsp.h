/* Products of matrices for cores with the DSP extension. */
#ifndef NN_BATCH_MATMUL_DSP_H
#define NN_BATCH_MATMUL_DSP_H

#include "nn_batch_matmul.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As nn_batch_matmul_s8, with biases for the columns or NULL, clamped to [activation_min, activation_max]; so a dense
 * layer whose weights are computed is one, too. No doubled sum, the bias included, leaves int32.
 *
 * `panel` columns of the right matrix are unpacked at once, a multiple of 4. multiplier and shift are as in nn_requant;
 * the fast rounding of nn_products_dsp.h is for factors from 2^-23 to below 1/2, others are rounded one by one.
 *
 * Scratch, 4-aligned, with units = depth / 4, rounded up: panel * (8 * units + 4) bytes, 32 * units bytes, and for up
 * to 4 rows that are not stored as they come (less than 4, odd columns, slow rounding) 4 bytes for each column of a
 * panel, 16 with slow rounding. The output must not overlap. */
struct nn_batch_matmul_s8_dsp {
    struct nn_matmul shape;
    int32_t left_zero_point, right_zero_point, output_zero_point;
    int32_t multiplier, shift;
    int32_t activation_min, activation_max;
    int32_t panel;
    const int32_t *bias;
};

void nn_batch_matmul_s8_dsp(const struct nn_batch_matmul_s8_dsp *op, const int8_t *left, const int8_t *right,
                            int8_t *output, void *scratch);

/* As nn_batch_matmul_s16, two rows by two columns at a time. `panel` columns of the right matrix are laid out at once,
 * an even number.
 *
 * Scratch, 4-aligned: 2 * (panel + 2) * (depth, rounded up to 2) bytes. The output must not overlap. */
struct nn_batch_matmul_s16_dsp {
    struct nn_matmul shape;
    int32_t multiplier, shift;
    int32_t panel;
};

void nn_batch_matmul_s16_dsp(const struct nn_batch_matmul_s16_dsp *op, const int16_t *left, const int16_t *right,
                             int16_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
