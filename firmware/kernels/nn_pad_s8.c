#include "nn_pad.h"

static int8_t *fill(int8_t *output, int32_t value, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        *output++ = (int8_t)value;
    }
    return output;
}

/* How many elements one index of `axis` stands for in the output. */
static int32_t inner_size(const struct nn_pad_s8 *op, int axis) {
    int32_t size = 1;
    for (int i = axis + 1; i < NN_PAD_AXES; ++i) {
        size *= op->before[i] + op->input[i] + op->after[i];
    }
    return size;
}

/* Each row of the last axis follows the padding before all axes that begin with it, and precedes the padding after all
 * axes that end with it. */
void nn_pad_s8(const struct nn_pad_s8 *op, const int8_t *input, int8_t *output) {
    int32_t index[NN_PAD_AXES] = {0};
    int32_t inner[NN_PAD_AXES];
    for (int axis = 0; axis < NN_PAD_AXES; ++axis) {
        inner[axis] = inner_size(op, axis);
        output = fill(output, op->fill, op->before[axis] * inner[axis]);
    }
    for (;;) {
        for (int32_t i = 0; i < op->input[NN_PAD_AXES - 1]; ++i) {
            *output++ = *input++;
        }
        int axis = NN_PAD_AXES - 1;
        output = fill(output, op->fill, op->after[axis]);
        while (--axis >= 0 && ++index[axis] == op->input[axis]) {
            index[axis] = 0;
            output = fill(output, op->fill, op->after[axis] * inner[axis]);
        }
        if (axis < 0) {
            return;
        }
        while (++axis < NN_PAD_AXES) {
            output = fill(output, op->fill, op->before[axis] * inner[axis]);
        }
    }
}
