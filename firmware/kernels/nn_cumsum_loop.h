/* The loops of running sums, for any type. */
#ifndef NN_CUMSUM_LOOP_H
#define NN_CUMSUM_LOOP_H

#include "nn_cumsum.h"

/* Defines the kernel `name`: line(op, first input, first output, step) for each line along the axis. Its parameters are
 * a struct of the same name, with a struct nn_cumsum `shape`. */
#define NN_CUMSUM_KERNEL(name, element, line)                                                                          \
    void name(const struct name *op, const element *input, element *output) {                                          \
        const struct nn_cumsum *shape = &op->shape;                                                                    \
        const ptrdiff_t last = (ptrdiff_t)(shape->count - 1) * shape->inner;                                           \
        const ptrdiff_t first = shape->reverse ? last : 0;                                                             \
        for (int32_t i = 0; i < shape->outer; ++i) {                                                                   \
            for (int32_t j = 0; j < shape->inner; ++j) {                                                               \
                line(op, input + first + j, output + first + j, shape->reverse ? -shape->inner : shape->inner);        \
            }                                                                                                          \
            input += last + shape->inner;                                                                              \
            output += last + shape->inner;                                                                             \
        }                                                                                                              \
    }

#endif
