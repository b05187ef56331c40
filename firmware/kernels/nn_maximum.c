#include "nn_binary.h"
#include "nn_broadcast.h"

#define DEFINE_MAXIMUM(suffix, type)                                                                                   \
    static type maximum_##suffix(const struct nn_binary *op, type a, type b)                                           \
    {                                                                                                                  \
        (void)op;                                                                                                      \
        return a > b ? a : b;                                                                                          \
    }                                                                                                                  \
    NN_BROADCAST_KERNEL(nn_maximum_##suffix, nn_binary, type, type, type, maximum_##suffix)

DEFINE_MAXIMUM(s8, int8_t)
DEFINE_MAXIMUM(s16, int16_t)
DEFINE_MAXIMUM(s32, int32_t)
DEFINE_MAXIMUM(s64, int64_t)
DEFINE_MAXIMUM(f32, float)
