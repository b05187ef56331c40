#include <string.h>

#include "nn_move.h"

void nn_fill(const struct nn_fill *op, void *output) {
    memset(output, (int)op->value, (size_t)op->bytes);
}
