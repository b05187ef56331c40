/* Choosing between two tensors, element by element. */
#ifndef NN_SELECT_H
#define NN_SELECT_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Three inputs broadcast to one output: strides as in nn_broadcast. Elements have 1, 2 or 4 bytes, those of the
 * condition 1 byte, 0 or not. */
struct nn_select {
    int32_t dims[NN_MAX_RANK];
    int32_t stride_condition[NN_MAX_RANK];
    int32_t stride1[NN_MAX_RANK];
    int32_t stride2[NN_MAX_RANK];
    int32_t element_bytes;
};

/* input1 where the condition holds, else input2. The output may start where input1 or input2 starts if that is not
 * repeated, or where the condition starts if that is not and elements have 1 byte. */
void nn_select(const struct nn_select *op, const uint8_t *condition, const void *input1, const void *input2,
               void *output);

#ifdef __cplusplus
}
#endif

#endif
