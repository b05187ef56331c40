#include "nn_bytes.h"
#include "nn_move.h"

/* Every so many bytes of the input, as a row of the output, by the size of what is moved. Returns where the row ends.
 */
static uint8_t *copy_row(const uint8_t *input, int32_t stride, int32_t count, int32_t block, uint8_t *output) {
    switch (block) {
    case 1:
        for (; count > 0; --count, input += stride) {
            *output++ = *input;
        }
        break;
    case 2:
        for (; count > 0; --count, input += stride, output += 2) {
            nn_move_element(output, input, 2);
        }
        break;
    case 4:
        for (; count > 0; --count, input += stride, output += 4) {
            nn_move_element(output, input, 4);
        }
        break;
    default:
        for (; count > 0; --count, input += stride, output += block) {
            nn_move_bytes(output, input, block);
        }
        break;
    }
    return output;
}

void nn_copy(const struct nn_copy *op, const void *input, void *output) {
    const struct nn_copy own = *op; /* the output might be the parameters, for all the compiler knows */
    const int last = NN_MOVE_AXES - 1;
    const uint8_t *in = (const uint8_t *)input + own.offset;
    uint8_t *out = output;
    int32_t index[NN_MOVE_AXES] = {0};
    for (;;) {
        const uint8_t *row = in;
        for (int32_t left = own.dims[last - 1]; left > 0; --left, row += own.stride[last - 1]) {
            out = copy_row(row, own.stride[last], own.dims[last], own.block, out);
        }
        int axis = last - 2;
        while (axis >= 0 && ++index[axis] == own.dims[axis]) {
            in -= (ptrdiff_t)own.stride[axis] * (own.dims[axis] - 1);
            index[axis--] = 0;
        }
        if (axis < 0) {
            return;
        }
        in += own.stride[axis];
    }
}
