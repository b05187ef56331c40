#include "nn_gemm_dsp.h"
#include "nn_requant_dsp.h"

/* sums [pairs][2][4 pixels], from behind the weights of each pair in the first part. */
static void start_with_biases(const uint32_t *stream, int32_t units, int32_t pairs, int32_t *sums) {
    for (int32_t pair = 0; pair < pairs; ++pair, stream += 2 * (units + 2)) {
        const int32_t bias0 = (int32_t)stream[2 * (units + 1)];
        const int32_t bias1 = (int32_t)stream[2 * (units + 1) + 1];
        for (int32_t *second = sums + NN_GEMM_PIXELS; sums != second; ++sums) {
            sums[0] = bias0;
            sums[NN_GEMM_PIXELS] = bias1;
        }
        sums += NN_GEMM_PIXELS;
    }
}

/* One channel of four pixels, `step` bytes apart. */
static void store_channel(const struct nn_gemm_wide_dsp *wide, const int32_t *sums, int32_t channel, int8_t *tile,
                          int32_t step) {
    const struct nn_gemm_wide_dsp own = *wide; /* the tile might alias it, for all the compiler knows */
    const int32_t i = own.requant.per_channel ? channel : 0;
    const int32_t multiplier = own.requant.multiplier[i];
    const int32_t shift = -own.requant.shift[i];
    for (const int32_t *end = sums + NN_GEMM_PIXELS; sums != end; ++sums, tile += step) {
        *tile = own.round != 0 ? nn_rescale_s8_dsp(*sums, multiplier, shift, own.round)
                               : nn_output_s8(*sums, &own.requant, channel, own.output_zero_point, INT8_MIN, INT8_MAX);
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
    for (int32_t c = 0; c < sink->channels; ++c, sums += NN_GEMM_PIXELS) {
        store_channel(wide, sums, c, sink->tile + c, 2 * op->pairs);
    }
}
