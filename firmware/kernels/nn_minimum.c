#include "nn_binary.h"
#include "nn_broadcast.h"

#define MINIMUM_KERNEL(name, type)                                                                                     \
    static type name##_of(const struct nn_binary *op, type a, type b) {                                                \
        (void)op;                                                                                                      \
        return a < b ? a : b;                                                                                          \
    }                                                                                                                  \
    NN_BROADCAST_KERNEL(name, nn_binary, type, type, type, name##_of)

MINIMUM_KERNEL(nn_minimum_s8, int8_t)
MINIMUM_KERNEL(nn_minimum_s16, int16_t)
MINIMUM_KERNEL(nn_minimum_s32, int32_t)
MINIMUM_KERNEL(nn_minimum_s64, int64_t)
MINIMUM_KERNEL(nn_minimum_f32, float)
