#include "nn_select.h"

static ptrdiff_t offset(const int32_t *stride, const int32_t *index) {
    ptrdiff_t sum = 0;
    for (int axis = 0; axis < NN_MAX_RANK; ++axis) {
        sum += (ptrdiff_t)stride[axis] * index[axis];
    }
    return sum;
}

/* The next index in row-major order; 0 after the last. */
static int next(const struct nn_select *op, int32_t *index) {
    for (int axis = NN_MAX_RANK - 1; axis >= 0; --axis) {
        if (++index[axis] < op->dims[axis]) {
            return 1;
        }
        index[axis] = 0;
    }
    return 0;
}

void nn_select(const struct nn_select *op, const uint8_t *condition, const void *input1, const void *input2,
               void *output) {
    int32_t index[NN_MAX_RANK] = {0};
    uint8_t *out = output;
    do {
        const int chosen = condition[offset(op->stride_condition, index)] != 0;
        const uint8_t *in = chosen ? input1 : input2;
        in += offset(chosen ? op->stride1 : op->stride2, index) * op->element_bytes;
        for (int32_t i = 0; i < op->element_bytes; ++i) {
            *out++ = in[i];
        }
    } while (next(op, index));
}
