/* Operators that work element by element. An output may start where an input starts if they have the same number of
 * elements of the same size. */
#ifndef NN_ELEMENTWISE_H
#define NN_ELEMENTWISE_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Any function of one byte: output = table[input], indexed by the input's bits, 256 entries. */
struct nn_lookup_8 {
    int32_t count;
    const uint8_t *table;
};

void nn_lookup_8(const struct nn_lookup_8 *op, const void *input, void *output);

#ifdef __cplusplus
}
#endif

#endif
