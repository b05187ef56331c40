#include "nn_bytes.h"
#include "nn_places.h"

static void fill(const struct nn_place *op, uint8_t *output) {
    if (op->fill_bytes == 1) {
        memset(output, op->fill[0], (size_t)op->bytes);
        return;
    }
    for (int32_t i = 0; i < op->bytes; i += op->fill_bytes) {
        memcpy(output + i, op->fill, (size_t)op->fill_bytes);
    }
}

void nn_place(const struct nn_place *op, const void *input, void *output) {
    const uint8_t *in = input;
    uint8_t *out = output;
    struct nn_places places;
    fill(op, out);
    nn_places_begin(&places, op->dims, op->places);
    do {
        memcpy(out + places.sum, in, (size_t)op->block);
        in += op->block;
    } while (nn_places_next(&places, op->dims));
}
