#include "nn_f32.h"
#include "nn_signal.h"

void nn_signal_overlap_add_f32(const struct nn_signal_overlap_add *op, const float *input, float *sums, float *output) {
    const size_t kept = (size_t)(op->size - op->step);
    for (int32_t row = 0; row < op->rows; ++row) {
        for (int32_t frame = 0; frame < op->frames; ++frame) {
            for (int32_t i = 0; i < op->size; ++i) {
                sums[i] += input[i];
            }
            memcpy(output, sums, (size_t)op->step * sizeof *sums);
            memmove(sums, sums + op->step, kept * sizeof *sums);
            memset(sums + kept, 0, (size_t)op->step * sizeof *sums);
            input += op->size;
            output += op->step;
        }
        sums += op->size;
    }
}
