/* Operators that move elements without changing them, int8. */
#ifndef NN_PAD_H
#define NN_PAD_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_PAD_AXES = 5 };

/* Along each axis: `before` fill elements, then `input` elements, then `after` fill elements; unused axes come first
 * and are 0, 1, 0. Axes that are not padded may be merged into the one before. */
struct nn_pad_s8 {
    int32_t input[NN_PAD_AXES];
    int32_t before[NN_PAD_AXES];
    int32_t after[NN_PAD_AXES];
    int32_t fill; /* in [-128, 127] */
};

/* Writes in ascending order; the output may overlap the input if it starts so far before it that no element is
 * overwritten before it was moved. */
void nn_pad_s8(const struct nn_pad_s8 *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
