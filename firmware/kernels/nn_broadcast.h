/* Walking two broadcast inputs row by row. */
#ifndef NN_BROADCAST_H
#define NN_BROADCAST_H

#include "nn_types.h"

/* Where a row (the last axis) begins in both inputs, in elements, and the row's index along the other axes. */
struct nn_row {
    ptrdiff_t offset1, offset2;
    int32_t index[NN_MAX_RANK - 1];
};

/* Moves to the next row; 0 when there is none. Begin with a row of zeros. */
static inline int nn_next_row(const struct nn_broadcast *shape, struct nn_row *row) {
    for (int axis = NN_MAX_RANK - 2; axis >= 0; --axis) {
        row->offset1 += shape->stride1[axis];
        row->offset2 += shape->stride2[axis];
        if (++row->index[axis] < shape->dims[axis]) {
            return 1;
        }
        row->offset1 -= (ptrdiff_t)shape->stride1[axis] * shape->dims[axis];
        row->offset2 -= (ptrdiff_t)shape->stride2[axis] * shape->dims[axis];
        row->index[axis] = 0;
    }
    return 0;
}

/* Defines the kernel `name`, which writes function(op, a, b) for each pair of elements. Its parameters are a struct
 * `params` with a member `shape`; inputs and output are arrays of the three types. It works on a copy of the
 * parameters, because for all the compiler knows a byte written might be one of theirs. */
#define NN_BROADCAST_KERNEL(name, params, input1_type, input2_type, output_type, function)                             \
    void name(const struct params *op, const input1_type *input1, const input2_type *input2, output_type *output) {    \
        const struct params own = *op;                                                                                 \
        const int32_t last = NN_MAX_RANK - 1;                                                                          \
        const int32_t step1 = own.shape.stride1[last];                                                                 \
        const int32_t step2 = own.shape.stride2[last];                                                                 \
        struct nn_row row = {0, 0, {0}};                                                                               \
        do {                                                                                                           \
            const input1_type *a = input1 + row.offset1;                                                               \
            const input2_type *b = input2 + row.offset2;                                                               \
            for (int32_t left = own.shape.dims[last]; left > 0; --left) {                                              \
                *output++ = function(&own, *a, *b);                                                                    \
                a += step1;                                                                                            \
                b += step2;                                                                                            \
            }                                                                                                          \
        } while (nn_next_row(&own.shape, &row));                                                                       \
    }

#endif
