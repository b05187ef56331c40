/* Walking the elements that a reduction brings together. */
#ifndef NN_REDUCE_LOOP_H
#define NN_REDUCE_LOOP_H

#include "nn_reduce.h"

/* Defines the kernel `name`, which writes finish(op, x) for each output, x being step(… step(step(start, a), b) …) of
 * its elements in the order of the input. Its parameters are a struct `params` with a member `axes`. */
#define NN_REDUCE_KERNEL(name, params, element, state, start, step, finish)                                            \
    static state name##_of(const struct nn_reduce_axes *axes, const element *input) {                                  \
        state x = start;                                                                                               \
        for (int32_t i = 0; i < axes->reduced[0]; ++i) {                                                               \
            for (int32_t j = 0; j < axes->reduced[1]; ++j) {                                                           \
                const element *in = input + i * axes->reduced_stride[0] + j * axes->reduced_stride[1];                 \
                for (int32_t k = 0; k < axes->reduced[2]; ++k) {                                                       \
                    x = step(x, *in);                                                                                  \
                    in += axes->reduced_stride[2];                                                                     \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        return x;                                                                                                      \
    }                                                                                                                  \
                                                                                                                       \
    void name(const struct params *op, const element *input, element *output) {                                        \
        const struct nn_reduce_axes *axes = &op->axes;                                                                 \
        for (int32_t i = 0; i < axes->kept[0]; ++i) {                                                                  \
            for (int32_t j = 0; j < axes->kept[1]; ++j) {                                                              \
                const element *in = input + i * axes->kept_stride[0] + j * axes->kept_stride[1];                       \
                for (int32_t k = 0; k < axes->kept[2]; ++k) {                                                          \
                    *output++ = finish(op, name##_of(axes, in));                                                       \
                    in += axes->kept_stride[2];                                                                        \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

#endif
