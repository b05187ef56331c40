/* Rows of two broadcast inputs, for kernels of the DSP extension. */
#ifndef NN_PAIRS_ROWS_DSP_H
#define NN_PAIRS_ROWS_DSP_H

#include "nn_broadcast.h"
#include "nn_dsp.h"
#include "nn_pairs_dsp.h"

/* x times multiplier / 2^32, rounded, plus what is to be added, divided by 2^shift; x of either sign. */
static inline int32_t nn_rescale_signed(int32_t x, const struct nn_rescale_dsp *factor) {
    return nn_smmlar(x, factor->multiplier, factor->round + (x >> 31)) >> factor->shift;
}

/* The same of x that is not negative. */
static inline int32_t nn_rescale_positive(int32_t x, const struct nn_rescale_dsp *factor) {
    return nn_smmlar(x, factor->multiplier, factor->round) >> factor->shift;
}

/* `count` times a statement that writes one element, four at a time. */
#define NN_FOUR_AT_A_TIME(count, statement)                                                                            \
    do {                                                                                                               \
        int32_t nn_left = (count);                                                                                     \
        for (; nn_left >= 4; nn_left -= 4) {                                                                           \
            statement;                                                                                                 \
            statement;                                                                                                 \
            statement;                                                                                                 \
            statement;                                                                                                 \
        }                                                                                                              \
        for (; nn_left > 0; --nn_left) {                                                                               \
            statement;                                                                                                 \
        }                                                                                                              \
    } while (0)

/* Defines `name`, which writes function(op, a, b) for each pair of elements, in a loop of its own where one of them is
 * the same for a row, so that what depends on that one alone is computed once. `params` is a struct with a member
 * `shape`. */
#define NN_PAIRS_ROWS(name, params, type, function)                                                                    \
    static inline void name(const struct params *op, const type *input1, const type *input2, type *output) {           \
        const struct params own = *op; /* the output might alias *op, for all the compiler knows */                    \
        const int32_t last = NN_MAX_RANK - 1;                                                                          \
        const int32_t size = own.shape.dims[last];                                                                     \
        struct nn_row row = {0, 0, {0}};                                                                               \
        do {                                                                                                           \
            const type *a = input1 + row.offset1;                                                                      \
            const type *b = input2 + row.offset2;                                                                      \
            if (own.shape.stride2[last] == 0) {                                                                        \
                const int32_t same = *b;                                                                               \
                NN_FOUR_AT_A_TIME(size, *output++ = (type)function(&own, *a++, same));                                 \
            } else if (own.shape.stride1[last] == 0) {                                                                 \
                const int32_t same = *a;                                                                               \
                NN_FOUR_AT_A_TIME(size, *output++ = (type)function(&own, same, *b++));                                 \
            } else {                                                                                                   \
                NN_FOUR_AT_A_TIME(size, *output++ = (type)function(&own, *a++, *b++));                                 \
            }                                                                                                          \
        } while (nn_next_row(&own.shape, &row));                                                                       \
    }

#endif
