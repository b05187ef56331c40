#include "nn_binary.h"
#include "nn_broadcast.h"

static uint8_t both(const struct nn_binary *op, uint8_t a, uint8_t b) {
    (void)op;
    return (uint8_t)(a & b);
}

static uint8_t either(const struct nn_binary *op, uint8_t a, uint8_t b) {
    (void)op;
    return (uint8_t)(a | b);
}

NN_BROADCAST_KERNEL(nn_logical_and, nn_binary, uint8_t, uint8_t, uint8_t, both)
NN_BROADCAST_KERNEL(nn_logical_or, nn_binary, uint8_t, uint8_t, uint8_t, either)
