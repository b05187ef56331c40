#include "nn_reduce.h"

#define ARG_KERNEL(name, element, relation)                                                                            \
    void name(const struct nn_arg *op, const element *input, int32_t *output) {                                        \
        for (int32_t outer = 0; outer < op->outer; ++outer) {                                                          \
            for (int32_t inner = 0; inner < op->inner; ++inner) {                                                      \
                const element *in = input + inner;                                                                     \
                int32_t found = 0;                                                                                     \
                for (int32_t i = 1; i < op->size; ++i) {                                                               \
                    if (in[(ptrdiff_t)i * op->inner] relation in[(ptrdiff_t)found * op->inner]) {                      \
                        found = i;                                                                                     \
                    }                                                                                                  \
                }                                                                                                      \
                *output++ = found;                                                                                     \
            }                                                                                                          \
            input += (ptrdiff_t)op->size * op->inner;                                                                  \
        }                                                                                                              \
    }

ARG_KERNEL(nn_arg_max_s8, int8_t, >)
ARG_KERNEL(nn_arg_max_f32, float, >)
ARG_KERNEL(nn_arg_min_s8, int8_t, <)
ARG_KERNEL(nn_arg_min_f32, float, <)
