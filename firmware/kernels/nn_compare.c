#include "nn_compare.h"
#include "nn_broadcast.h"

#define COMPARE_KERNEL(name, type, relation)                                                                           \
    static uint8_t name##_of(const struct nn_compare *op, type a, type b) {                                            \
        (void)op;                                                                                                      \
        return a relation b;                                                                                           \
    }                                                                                                                  \
    NN_BROADCAST_KERNEL(name, nn_compare, type, type, uint8_t, name##_of)

COMPARE_KERNEL(nn_equal_s8, int8_t, ==)
COMPARE_KERNEL(nn_equal_bool, uint8_t, ==)
COMPARE_KERNEL(nn_equal_s32, int32_t, ==)
COMPARE_KERNEL(nn_equal_s64, int64_t, ==)
COMPARE_KERNEL(nn_equal_f32, float, ==)
COMPARE_KERNEL(nn_not_equal_s8, int8_t, !=)
COMPARE_KERNEL(nn_not_equal_bool, uint8_t, !=)
COMPARE_KERNEL(nn_not_equal_s32, int32_t, !=)
COMPARE_KERNEL(nn_not_equal_s64, int64_t, !=)
COMPARE_KERNEL(nn_not_equal_f32, float, !=)
COMPARE_KERNEL(nn_less_s8, int8_t, <)
COMPARE_KERNEL(nn_less_s32, int32_t, <)
COMPARE_KERNEL(nn_less_s64, int64_t, <)
COMPARE_KERNEL(nn_less_f32, float, <)
COMPARE_KERNEL(nn_less_equal_s8, int8_t, <=)
COMPARE_KERNEL(nn_less_equal_s32, int32_t, <=)
COMPARE_KERNEL(nn_less_equal_s64, int64_t, <=)
COMPARE_KERNEL(nn_less_equal_f32, float, <=)
