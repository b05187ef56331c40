#include "nn_binary.h"
#include "nn_broadcast.h"

#define DEFINE_MINIMUM(suffix, type)                                                                                   \
    static type minimum_##suffix(const struct nn_binary *op, type a, type b)                                           \
    {                                                                                                                  \
        (void)op;                                                                                                      \
        return a < b ? a : b;                                                                                          \
    }                                                                                                                  \
    NN_BROADCAST_KERNEL(nn_minimum_##suffix, nn_binary, type, type, type, minimum_##suffix)

DEFINE_MINIMUM(s8, int8_t)
DEFINE_MINIMUM(s16, int16_t)
DEFINE_MINIMUM(s32, int32_t)
DEFINE_MINIMUM(s64, int64_t)
DEFINE_MINIMUM(f32, float)
