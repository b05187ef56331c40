/* The matrix product under the _dsp convolutions: 4 pixels at a time, 2 output channels at a time, int8 by int8.
 *
 * Two multiply-accumulates per instruction want both operands as 16-bit lanes. Unpacking four weight bytes takes two
 * SXTB16; this kernel needs one, with this identity. A weight word is packed so that its 16-bit lanes, read as they
 * stand, are 256 * odd + even (two neighbouring weights), and SXTB16 of it gives the even ones. With input operands
 *     o = odd - 127           z = 256 * even - o
 * SMLAD on the raw word and on the extended word add up to
 *     o * (256 * w_odd + w_even) + z * w_even = 256 * (o * w_odd + even * w_even)
 * so the accumulator holds 256 times the sum, exactly, modulo 2^32. 127 is what makes z fit: over all int8 values,
 * o is in [-255, 0] and z in [-32768, 32767]. A weight pair must have 256 * odd + even >= -32768: always so if no
 * weight is -128.
 *
 * Eight accumulators, two weight words, two input words and two pointers fill the 14 registers. Four inputs of four
 * pixels for two channels (32 multiply-accumulates) take 23 instructions: five loads of two words, two SXTB16, 16
 * SMLAD.
 */
#ifndef NN_GEMM_DSP_H
#define NN_GEMM_DSP_H

#include <stdint.h>
#include <string.h>

#include "nn_add_dsp.h"
#include "nn_dsp.h"
#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NN_GEMM_PIXELS = 4,     /* pixels of a block */
    NN_GEMM_UNIT = 4,       /* inputs of a pixel that one step of the inner loop takes */
    NN_GEMM_UNIT_WORDS = 8, /* words of one unit in the input block: o of pixels 0 to 3, then z of pixels 0 to 3 */
    NN_GEMM_ODD_OFFSET = 127,
    NN_GEMM_FAST_SHIFT = 12
};

/* Constant parameters. `stream` holds, for each pair of channels c, c + 1, in words:
 *     bias[c], bias[c + 1]                   scaled by 256, see below
 *     `units` times: weights[c], weights[c + 1]   four weights each, of inputs 4 * unit to 4 * unit + 3
 *     multiplier[c], multiplier[c + 1]
 * The biases include what the input zero point and the offset of o contribute. Outputs are clamped to int8. All three
 * kinds of rescaling give exactly TensorFlow Lite Micro's result, including its two roundings, if all accumulators are
 * below 2^23 in magnitude.
 *
 * shift > 0, one-sided: for activations that clamp at the output zero point, or above it; what is below comes out as
 * something not above the zero point. An accumulator a gives
 *     floor((256 * a + offset) * multiplier / 2^32) >> shift
 * with the offset, which includes rounding and zero point, in the bias word. A shift of NN_GEMM_FAST_SHIFT takes one
 * instruction less for each output.
 *
 * shift == 0, round odd, two-sided: the low 8 bits of a bias word hold e - 1, where e >= 1 is the right shift that
 * belongs to the multiplier in [2^30, 2^31), and `round` is 2 * output zero point + 1.
 *
 * shift == 0, round == 0, none: see nn_gemm4_dsp. Multipliers are not used. */
struct nn_gemm_dsp {
    const uint32_t *stream;
    int32_t units; /* inputs of a pixel / 4, at least 1 */
    int32_t pairs; /* output channels / 2, at least 1 */
    int32_t round;
    int32_t shift;
};

/* Computes 4 pixels of 2 * pairs channels. `block` is [units][NN_GEMM_UNIT_WORDS]; pixel p's channel c goes to
 * output[p * stride + c]. Without rescaling, the accumulators are added to the int32 [pairs][2][4 pixels] at `output`.
 */
void nn_gemm4_dsp(const struct nn_gemm_dsp *op, const uint32_t *block, int8_t *output, int32_t stride);

/* For any factors and biases, and for accumulators that may leave 2^23: the inputs are cut into `parts` of the same
 * number of units (the last may be shorter) whose own sums stay below; the stream has all of part 0, then part 1, ...,
 * without rescaling. Where others have multipliers, part 0 has the biases as they are; the words called bias hold what
 * the input zero point and the offset of o contribute. `round` is nn_output_s8_dsp's. */
struct nn_gemm_wide_dsp {
    int32_t parts;
    int32_t output_zero_point, round;
    struct nn_requant requant;
};

/* Where outputs go: pixel p's channel c to output[offset + p * stride + c], `offset` being given with each block. With
 * a residual, another tensor of the output's shape, `add` makes the output of the result and of the residual's elements
 * at the same places. With `wide`, `compute` is nn_gemm_wide_dsp. (What is not used need not be linked.) */
struct nn_gemm_sink_dsp {
    int8_t *output;
    int32_t channels; /* 2 * pairs, or one less */
    int32_t stride;
    int8_t *tile; /* 8 * pairs bytes (wide: 40 * pairs, 4-aligned) for what takes a detour: blocks of less
                   * than 4 pixels, odd channel counts, residuals, wide */
    const int8_t *residual;
    const struct nn_gemm_wide_dsp *wide;
    void (*compute)(const struct nn_gemm_dsp *op, const uint32_t *block, const struct nn_gemm_sink_dsp *sink);
    const struct nn_add_s8_dsp *operands; /* its count is `channels` */
    void (*add)(const struct nn_add_s8_dsp *op, const int8_t *input1, const int8_t *input2, int8_t *output);
};

/* A block into the sink's tile. */
void nn_gemm_wide_dsp(const struct nn_gemm_dsp *op, const uint32_t *block, const struct nn_gemm_sink_dsp *sink);

/* The first `count` pixels of a block. */
void nn_gemm_pixels_dsp(const struct nn_gemm_dsp *op, const uint32_t *block, const struct nn_gemm_sink_dsp *sink,
                        int32_t offset, int32_t count);

/* Writes `units` units of one pixel's input to its places in the block, from `lane` (the block's first word of that
 * pixel); the next unit's place is returned. `fill` writes the same value everywhere. */
uint32_t *nn_gemm_expand_dsp(const int8_t *input, int32_t units, uint32_t *lane);
uint32_t *nn_gemm_fill_dsp(int32_t value, int32_t units, uint32_t *lane);

/* Constants for nn_gemm_expand_word, kept in registers. */
struct nn_gemm_expansion {
    uint32_t offset, mask;
};

static inline struct nn_gemm_expansion nn_gemm_expansion(void) {
    struct nn_gemm_expansion e = {(uint32_t)-NN_GEMM_ODD_OFFSET * 0x10000U + (uint16_t)-NN_GEMM_ODD_OFFSET,
                                  0xFF00FF00U};
    NN_KEEP_IN_REGISTER(e.mask);
    return e;
}

/* Four inputs of one pixel. */
static inline void nn_gemm_expand_word(struct nn_gemm_expansion e, uint32_t word, uint32_t *lane) {
    const uint32_t odd = nn_sxtab16_odd(e.offset, word);
    lane[0] = odd;
    lane[NN_GEMM_PIXELS] = nn_ssub16(e.mask & (word << 8), odd);
}

/* `size` inputs, divisible by four, of four pixels into the block. */
static inline void nn_gemm_expand_pixels_dsp(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2,
                                             const int8_t *pixel3, int32_t size, uint32_t *block) {
    const struct nn_gemm_expansion e = nn_gemm_expansion();
    for (int32_t i = 0; i < size; i += NN_GEMM_UNIT, block += NN_GEMM_UNIT_WORDS) {
        nn_gemm_expand_word(e, nn_load_word(pixel0 + i), block);
        nn_gemm_expand_word(e, nn_load_word(pixel1 + i), block + 1);
        nn_gemm_expand_word(e, nn_load_word(pixel2 + i), block + 2);
        nn_gemm_expand_word(e, nn_load_word(pixel3 + i), block + 3);
    }
}

/* One to three bytes, filled up with zeros. */
static inline uint32_t nn_gemm_load_few(const int8_t *from, int32_t count) {
    const uint8_t *bytes = (const uint8_t *)from;
    uint32_t word = bytes[0];
    if (count > 1) {
        word |= (uint32_t)bytes[1] << 8;
    }
    if (count > 2) {
        word |= (uint32_t)bytes[2] << 16;
    }
    return word;
}

/* Any number of inputs of one pixel, filled up with zeros, which meet weights of zero. */
static inline uint32_t *nn_gemm_expand_place_dsp(const int8_t *from, int32_t depth, uint32_t *lane) {
    const struct nn_gemm_expansion e = nn_gemm_expansion();
    for (; depth >= NN_GEMM_UNIT; depth -= NN_GEMM_UNIT, from += NN_GEMM_UNIT, lane += NN_GEMM_UNIT_WORDS) {
        nn_gemm_expand_word(e, nn_load_word(from), lane);
    }
    if (depth > 0) {
        nn_gemm_expand_word(e, nn_gemm_load_few(from, depth), lane);
        lane += NN_GEMM_UNIT_WORDS;
    }
    return lane;
}

#ifdef __cplusplus
}
#endif

#endif
