#include "nn_bytes.h"
#include "nn_move.h"
#include "nn_places.h"

void nn_pick(const struct nn_pick *op, const void *input, void *output) {
    const uint8_t *in = input;
    uint8_t *out = output;
    struct nn_places places;
    nn_places_begin(&places, op->dims, op->places);
    do {
        nn_move_bytes(out, in + places.sum, op->block);
        out += op->block;
    } while (nn_places_next(&places, op->dims));
}
