#include "nn_binary.h"
#include "nn_broadcast.h"

#define MAXIMUM_KERNEL(name, type)                                                                                     \
    static type name##_of(const struct nn_binary *op, type a, type b) {                                                \
        (void)op;                                                                                                      \
        return a > b ? a : b;                                                                                          \
    }                                                                                                                  \
    NN_BROADCAST_KERNEL(name, nn_binary, type, type, type, name##_of)

MAXIMUM_KERNEL(nn_maximum_s8, int8_t)
MAXIMUM_KERNEL(nn_maximum_s16, int16_t)
MAXIMUM_KERNEL(nn_maximum_s32, int32_t)
MAXIMUM_KERNEL(nn_maximum_s64, int64_t)
MAXIMUM_KERNEL(nn_maximum_f32, float)
