#include "nn_binary.h"
#include "nn_broadcast.h"
#include "nn_scaled_pair.h"

enum { HEADROOM_BITS = 15 };

static int16_t sub(const struct nn_add_quantized *op, int32_t a, int32_t b) {
    const struct nn_scaled_pair pair = nn_scale_pair(op, a, b, HEADROOM_BITS);
    return (int16_t)nn_rescale_sum(op, pair.a - pair.b);
}

NN_BROADCAST_KERNEL(nn_sub_s16, nn_add_quantized, int16_t, int16_t, int16_t, sub)
