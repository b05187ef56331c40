#include <float.h>

#include "nn_reduce_loop.h"

#define EXTREMUM_KERNEL(name, element, start, relation)                                                                \
    static element name##_step(element x, element next) {                                                              \
        return next relation x ? next : x;                                                                             \
    }                                                                                                                  \
    static element name##_finish(const struct nn_reduce *op, element x) {                                              \
        (void)op;                                                                                                      \
        return x;                                                                                                      \
    }                                                                                                                  \
    NN_REDUCE_KERNEL(name, nn_reduce, element, element, start, name##_step, name##_finish)

EXTREMUM_KERNEL(nn_reduce_all_bool, uint8_t, 1, <)
EXTREMUM_KERNEL(nn_reduce_max_s8, int8_t, INT8_MIN, >)
EXTREMUM_KERNEL(nn_reduce_max_f32, float, -FLT_MAX, >)
EXTREMUM_KERNEL(nn_reduce_min_s8, int8_t, INT8_MAX, <)
EXTREMUM_KERNEL(nn_reduce_min_f32, float, FLT_MAX, <)
