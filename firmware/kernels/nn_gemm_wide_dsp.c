#include "nn_gemm_dsp.h"
#include "nn_requant_dsp.h"

/* sums [pairs][2][4 pixels], from behind the weights of each pair in the first part. */
static void start_with_biases(const uint32_t *stream, int32_t units, int32_t pairs, int32_t *sums) {
    for (int32_t pair = 0; pair < pairs; ++pair, stream += 2 * (units + 2)) {
        for (int32_t i = 0; i < 2 * NN_GEMM_PIXELS; ++i) {
            *sums++ = (int32_t)stream[2 * (units + 1) + i / NN_GEMM_PIXELS];
        }
    }
}

void nn_gemm_wide_dsp(const struct nn_gemm_dsp *op, const uint32_t *block, const struct nn_gemm_sink_dsp *sink) {
    const struct nn_gemm_wide_dsp *wide = sink->wide;
    const int32_t most = (op->units + wide->parts - 1) / wide->parts;
    int32_t *sums = (int32_t *)(void *)(sink->tile + 2 * NN_GEMM_PIXELS * op->pairs);
    struct nn_gemm_dsp part = *op;
    start_with_biases(op->stream, op->units < most ? op->units : most, op->pairs, sums);
    for (int32_t left = op->units; left > 0; left -= most) {
        part.units = left < most ? left : most;
        nn_gemm4_dsp(&part, block, (int8_t *)sums, 0);
        part.stream += op->pairs * 2 * (part.units + 2);
        block += part.units * NN_GEMM_UNIT_WORDS;
    }
    for (int32_t c = 0; c < sink->channels; ++c) {
        for (int32_t p = 0; p < NN_GEMM_PIXELS; ++p) {
            sink->tile[p * 2 * op->pairs + c] =
                nn_output_s8_dsp(*sums++, &wide->requant, c, wide->output_zero_point, wide->round, INT8_MIN, INT8_MAX);
        }
    }
}
