#include "nn_broadcast.h"
#include "nn_compare.h"
#include "nn_requant.h"

enum { HEADROOM_BITS = 8 };

static int32_t scale1(const struct nn_compare_scaled_s8 *op, int32_t a) {
    return nn_requantize((a - op->zero_point1) * (1 << HEADROOM_BITS), op->multiplier1, op->shift1);
}

static int32_t scale2(const struct nn_compare_scaled_s8 *op, int32_t b) {
    return nn_requantize((b - op->zero_point2) * (1 << HEADROOM_BITS), op->multiplier2, op->shift2);
}

#define COMPARE_SCALED_KERNEL(name, relation)                                                                          \
    static uint8_t name##_of(const struct nn_compare_scaled_s8 *op, int32_t a, int32_t b) {                            \
        return scale1(op, a) relation scale2(op, b);                                                                   \
    }                                                                                                                  \
    NN_BROADCAST_KERNEL(name, nn_compare_scaled_s8, int8_t, int8_t, uint8_t, name##_of)

COMPARE_SCALED_KERNEL(nn_equal_scaled_s8, ==)
COMPARE_SCALED_KERNEL(nn_not_equal_scaled_s8, !=)
COMPARE_SCALED_KERNEL(nn_less_scaled_s8, <)
COMPARE_SCALED_KERNEL(nn_less_equal_scaled_s8, <=)
