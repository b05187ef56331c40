#include "nn_binary.h"
#include "nn_broadcast.h"
#include "nn_scaled_pair.h"

/* With one more bit the square would not fit in 32 bits. */
enum { HEADROOM_BITS = 7 };

static int8_t squared_difference(const struct nn_add_quantized *op, int32_t a, int32_t b) {
    const struct nn_scaled_pair pair = nn_scale_pair(op, a, b, HEADROOM_BITS);
    return (int8_t)nn_rescale_sum(op, (pair.a - pair.b) * (pair.a - pair.b));
}

NN_BROADCAST_KERNEL(nn_squared_difference_s8, nn_add_quantized, int8_t, int8_t, int8_t, squared_difference)
