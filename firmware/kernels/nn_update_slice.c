#include <string.h>

#include "nn_move.h"
#include "nn_requant.h"

void nn_update_slice(const struct nn_update_slice *op, const void *operand, const void *update, const int32_t *start,
                     void *output) {
    const int32_t unused = NN_MOVE_AXES - op->rank;
    const uint8_t *from = update;
    uint8_t *out = output;
    memcpy(output, operand, (size_t)op->bytes);
    for (int32_t i = unused; i < NN_MOVE_AXES; ++i) {
        out += (ptrdiff_t)nn_clamp(start[i - unused], 0, op->last[i]) * op->stride[i];
    }
    for (int32_t run = 0; run < op->count; ++run) {
        ptrdiff_t place = 0;
        int32_t rest = run;
        for (int32_t i = NN_MOVE_AXES - 1; i >= unused; --i) {
            place += (ptrdiff_t)(rest % op->size[i]) * op->stride[i];
            rest /= op->size[i];
        }
        memcpy(out + place, from, (size_t)op->run);
        from += op->run;
    }
}
