#include <string.h>

#include "nn_gemm_dsp.h"
#include "nn_requant.h"

void nn_gemm_wide_dsp(const struct nn_gemm_dsp *op, const uint32_t *block, const struct nn_gemm_sink_dsp *sink) {
    const struct nn_gemm_wide_dsp *wide = sink->wide;
    const int32_t most = (op->units + wide->parts - 1) / wide->parts;
    int32_t *sums = (int32_t *)(void *)(sink->tile + 2 * NN_GEMM_PIXELS * op->pairs);
    struct nn_gemm_dsp part = *op;
    memset(sums, 0, (size_t)op->pairs * 2 * NN_GEMM_PIXELS * sizeof *sums);
    for (int32_t left = op->units; left > 0; left -= most) {
        part.units = left < most ? left : most;
        nn_gemm4_dsp(&part, block, (int8_t *)sums, 0);
        part.stream += op->pairs * 2 * (part.units + 2);
        block += part.units * NN_GEMM_UNIT_WORDS;
    }
    for (int32_t c = 0; c < sink->channels; ++c) {
        for (int32_t p = 0; p < NN_GEMM_PIXELS; ++p) {
            sink->tile[p * 2 * op->pairs + c] =
                nn_output_s8(*sums++, &wide->requant, c, wide->output_zero_point, INT8_MIN, INT8_MAX);
        }
    }
}
