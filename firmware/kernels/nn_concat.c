#include <string.h>

#include "nn_move.h"

/* With parts of one byte, GCC 12's link-time optimization computes the place of an output from those of the inputs, and
 * then takes it for memory that nothing reads: it must not see where the output is. */
#if defined(__GNUC__)
#define KEEP_APART(pointer) __asm__("" : "+r"(pointer))
#else
#define KEEP_APART(pointer) (void)(pointer)
#endif

void nn_concat(const struct nn_concat *op, const void *const *inputs, void *output) {
    uint8_t *out = output;
    for (int32_t i = 0; i < op->outer; ++i) {
        for (int32_t part = 0; part < op->count; ++part) {
            const int32_t bytes = op->part_bytes[part];
            memcpy(out, (const uint8_t *)inputs[part] + (ptrdiff_t)i * bytes, (size_t)bytes);
            out += bytes;
            KEEP_APART(out);
        }
    }
}
