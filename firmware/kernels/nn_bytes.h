/* Moving bytes, and walking the indices of several axes. */
#ifndef NN_BYTES_H
#define NN_BYTES_H

#include <string.h>

#include "nn_types.h"

/* Copies `count` bytes in ascending order, so that an output that overlaps the input from below is correct. */
static inline void nn_move_bytes(uint8_t *output, const uint8_t *input, int32_t count) {
    const uintptr_t from = (uintptr_t)input;
    const uintptr_t to = (uintptr_t)output;
    if (to == from) {
        return;
    }
    if ((to > from ? to - from : from - to) >= (uintptr_t)count) {
        memcpy(output, input, (size_t)count);
        return;
    }
    for (int32_t i = 0; i < count; ++i) {
        output[i] = input[i];
    }
}

/* The same for one element, whose size is known where this is inlined. */
static inline void nn_move_element(uint8_t *output, const uint8_t *input, size_t size) {
    uint8_t element[8];
    memcpy(element, input, size);
    memcpy(output, element, size);
}

#endif
