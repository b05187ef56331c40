#include "nn_bytes.h"
#include "nn_move.h"

/* Every so many bytes of the input, as a row of the output. Returns where the row ends. */
static uint8_t *copy_row(const uint8_t *input, int32_t stride, int32_t count, int32_t block, uint8_t *output) {
    for (int32_t i = 0; i < count; ++i) {
        switch (block) {
        case 1:
            *output = *input;
            break;
        case 2:
            nn_move_element(output, input, 2);
            break;
        case 4:
            nn_move_element(output, input, 4);
            break;
        default:
            nn_move_bytes(output, input, block);
            break;
        }
        input += stride;
        output += block;
    }
    return output;
}

void nn_copy(const struct nn_copy *op, const void *input, void *output) {
    const int last = NN_MOVE_AXES - 1;
    const uint8_t *in = (const uint8_t *)input + op->offset;
    uint8_t *out = output;
    int32_t index[NN_MOVE_AXES] = {0};
    for (;;) {
        out = copy_row(in, op->stride[last], op->dims[last], op->block, out);
        int axis = last - 1;
        while (axis >= 0 && ++index[axis] == op->dims[axis]) {
            in -= (ptrdiff_t)op->stride[axis] * (op->dims[axis] - 1);
            index[axis--] = 0;
        }
        if (axis < 0) {
            return;
        }
        in += op->stride[axis];
    }
}
