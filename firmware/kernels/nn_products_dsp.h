/* The product of two matrices that are both computed, int8 by int8: 4 rows at a time, 2 columns at a time.
 *
 * Both operands are unpacked to 16-bit lanes, zero points taken off, the rows doubled, so that sums are doubled: the
 * first of the two roundings is SMMLAR's then. Four inputs of four rows and two columns (32 multiply-accumulates) take
 * 22 instructions: six loads of two words, 16 SMLAD.
 */
#ifndef NN_PRODUCTS_DSP_H
#define NN_PRODUCTS_DSP_H

#include <stdint.h>

#include "nn_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NN_PRODUCTS_ROWS = 4,
    NN_PRODUCTS_UNIT = 4,       /* inputs of one step of the inner loop */
    NN_PRODUCTS_ROW_WORDS = 8,  /* of a unit: inputs 0 and 2 of rows 0 to 3, then inputs 1 and 3 of them */
    NN_PRODUCTS_PAIR_WORDS = 4, /* of a unit: inputs 0 and 2 of both columns, then inputs 1 and 3 of them */
    NN_PRODUCTS_PAIR_HEAD = 2   /* words before the first unit: what is added to both columns, doubled */
};

/* `columns` holds, pair by pair, NN_PRODUCTS_PAIR_HEAD words and `units` times NN_PRODUCTS_PAIR_WORDS. Doubled sums fit
 * in int32.
 *
 * multiplier in [2^30, 2^31): `shift` is e - 1, where e >= 1 is the right shift that belongs to it, and `round` is
 * (2 * output zero point + 1) << (e - 1). The result is TensorFlow Lite Micro's, saturated to int8.
 *
 * multiplier == 0: see nn_products4_dsp. */
struct nn_products_dsp {
    const uint32_t *columns;
    int32_t units, pairs; /* both at least 1 */
    int32_t multiplier, shift, round;
};

/* Computes 4 rows of 2 * pairs columns; row r's column c goes to output[r * stride + c]. Without a multiplier, the sums
 * themselves go to the int32 [pairs][2][4 rows] at `output`. */
void nn_products4_dsp(const struct nn_products_dsp *op, const uint32_t *rows, int8_t *output, int32_t stride);

#ifdef __cplusplus
}
#endif

#endif
