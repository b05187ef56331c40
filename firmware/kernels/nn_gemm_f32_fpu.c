#include "nn_f32.h"

#include <stddef.h>

#include "nn_conv_f32_fpu.h"
#include "nn_fpu.h"

enum { PIXELS = NN_GEMM_F32_PIXELS, CHANNELS = NN_GEMM_F32_CHANNELS };

void nn_gemm_pixels_f32_fpu(const struct nn_gemm_f32_fpu *op, const float *block, int32_t count, int32_t channels,
                            float *output, int32_t stride, float *tile) {
    const int32_t direct = count == PIXELS && channels % CHANNELS == 0;
    const int32_t step = direct ? stride : CHANNELS * op->fours;
    float *from = direct ? output : tile;
    const int32_t finite = nn_gemm4_f32_fpu(op, block, from, step) == 0;
    const int32_t limited = !finite || op->limited;
    if (limited && (!direct || stride == channels)) { /* pixels follow one another */
        nn_limit_f32_fpu(from, count * step, op->activation_min, op->activation_max, finite);
    } else if (limited) {
        for (int32_t i = 0; i < count; ++i) {
            nn_limit_f32_fpu(from + i * step, channels, op->activation_min, op->activation_max, finite);
        }
    }
    if (direct) {
        return;
    }
    for (; count > 0; --count, output += stride, from += step) {
        for (int32_t c = 0; c < channels; ++c) {
            output[c] = from[c];
        }
    }
}

#if NN_HAS_FPU

_Static_assert(offsetof(struct nn_gemm_f32_fpu, depth) == 4 && offsetof(struct nn_gemm_f32_fpu, positive) == 12,
               "the assembly loads the members in this order");

/* Registers: r0 the block, r1 its start, r2 the output, r3 bytes from one pixel to the next, r4 the stream, r5 depth,
 * r6 fours left, r7 positive, r8 the result; s0 to s15 four channels of each pixel, s16 to s19 inputs, s20 to s23
 * weights, s24 to s31 products. Sums begin with a product instead of 0 and it: where that is -0 and all others are,
 * too, the bias, which is not -0, makes 0 of it. */
__attribute__((naked, noinline)) int32_t nn_gemm4_f32_fpu(const struct nn_gemm_f32_fpu *op NN_UNUSED,
                                                          const float *block NN_UNUSED, float *output NN_UNUSED,
                                                          int32_t stride NN_UNUSED) {
    __asm__ volatile(".syntax unified\n"
                     ".macro nn_step\n"
                     "    vldm r0!, {s16-s19}\n"
                     "    vldm r4!, {s20-s23}\n"
                     "    vmul.f32 s24, s16, s20\n"
                     "    vmul.f32 s25, s16, s21\n"
                     "    vmul.f32 s26, s16, s22\n"
                     "    vmul.f32 s27, s16, s23\n"
                     "    vmul.f32 s28, s17, s20\n"
                     "    vmul.f32 s29, s17, s21\n"
                     "    vmul.f32 s30, s17, s22\n"
                     "    vmul.f32 s31, s17, s23\n"
                     "    vadd.f32 s0, s0, s24\n"
                     "    vadd.f32 s1, s1, s25\n"
                     "    vadd.f32 s2, s2, s26\n"
                     "    vadd.f32 s3, s3, s27\n"
                     "    vadd.f32 s4, s4, s28\n"
                     "    vadd.f32 s5, s5, s29\n"
                     "    vadd.f32 s6, s6, s30\n"
                     "    vadd.f32 s7, s7, s31\n"
                     "    vmul.f32 s24, s18, s20\n"
                     "    vmul.f32 s25, s18, s21\n"
                     "    vmul.f32 s26, s18, s22\n"
                     "    vmul.f32 s27, s18, s23\n"
                     "    vmul.f32 s28, s19, s20\n"
                     "    vmul.f32 s29, s19, s21\n"
                     "    vmul.f32 s30, s19, s22\n"
                     "    vmul.f32 s31, s19, s23\n"
                     "    vadd.f32 s8, s8, s24\n"
                     "    vadd.f32 s9, s9, s25\n"
                     "    vadd.f32 s10, s10, s26\n"
                     "    vadd.f32 s11, s11, s27\n"
                     "    vadd.f32 s12, s12, s28\n"
                     "    vadd.f32 s13, s13, s29\n"
                     "    vadd.f32 s14, s14, s30\n"
                     "    vadd.f32 s15, s15, s31\n"
                     ".endm\n"
                     /* As a step, of the first inputs. */
                     ".macro nn_first a, b, c, d, x\n"
                     "    vmul.f32 \\a, \\x, s20\n"
                     "    vmul.f32 \\b, \\x, s21\n"
                     "    vmul.f32 \\c, \\x, s22\n"
                     "    vmul.f32 \\d, \\x, s23\n"
                     ".endm\n"
                     ".macro nn_positive a, b, c, d\n"
                     "    vmov r10, r11, \\a, \\b\n"
                     "    vmov r12, lr, \\c, \\d\n"
                     "    bic r10, r10, r10, asr #31\n"
                     "    bic r11, r11, r11, asr #31\n"
                     "    bic r12, r12, r12, asr #31\n"
                     "    bic lr, lr, lr, asr #31\n"
                     "    stm r9, {r10, r11, r12, lr}\n"
                     "    add r9, r9, r3\n"
                     ".endm\n"

                     "    push {r4-r11, lr}\n"
                     "    vpush {s16-s31}\n"
                     "    ldm r0, {r4, r5, r6, r7}\n"
                     "    lsls r3, r3, #2\n"
                     "    movs r8, #0\n"

                     "0:\n"
                     "    mov r0, r1\n"
                     "    vldm r0!, {s16-s19}\n"
                     "    vldm r4!, {s20-s23}\n"
                     "    nn_first s0, s1, s2, s3, s16\n"
                     "    nn_first s4, s5, s6, s7, s17\n"
                     "    nn_first s8, s9, s10, s11, s18\n"
                     "    nn_first s12, s13, s14, s15, s19\n"
                     "    subs r10, r5, #1\n"
                     "    lsrs r11, r10, #2\n"
                     "    ands r10, r10, #3\n"
                     "    beq 2f\n"
                     "1:\n"
                     "    nn_step\n"
                     "    subs r10, #1\n"
                     "    bne 1b\n"
                     "2:\n"
                     "    cmp r11, #0\n"
                     "    beq 4f\n"
                     "3:\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    subs r11, #1\n"
                     "    bne 3b\n"

                     "4:\n"
                     "    vldm r4!, {s16-s19}\n"
                     "    vadd.f32 s0, s0, s16\n"
                     "    vadd.f32 s1, s1, s17\n"
                     "    vadd.f32 s2, s2, s18\n"
                     "    vadd.f32 s3, s3, s19\n"
                     "    vadd.f32 s4, s4, s16\n"
                     "    vadd.f32 s5, s5, s17\n"
                     "    vadd.f32 s6, s6, s18\n"
                     "    vadd.f32 s7, s7, s19\n"
                     "    vadd.f32 s8, s8, s16\n"
                     "    vadd.f32 s9, s9, s17\n"
                     "    vadd.f32 s10, s10, s18\n"
                     "    vadd.f32 s11, s11, s19\n"
                     "    vadd.f32 s12, s12, s16\n"
                     "    vadd.f32 s13, s13, s17\n"
                     "    vadd.f32 s14, s14, s18\n"
                     "    vadd.f32 s15, s15, s19\n"
                     /* Not finite: then so is the sum of all, and its difference to itself is no number. */
                     "    vadd.f32 s20, s0, s4\n"
                     "    vadd.f32 s21, s1, s5\n"
                     "    vadd.f32 s22, s2, s6\n"
                     "    vadd.f32 s23, s3, s7\n"
                     "    vadd.f32 s20, s20, s8\n"
                     "    vadd.f32 s21, s21, s9\n"
                     "    vadd.f32 s22, s22, s10\n"
                     "    vadd.f32 s23, s23, s11\n"
                     "    vadd.f32 s20, s20, s12\n"
                     "    vadd.f32 s21, s21, s13\n"
                     "    vadd.f32 s22, s22, s14\n"
                     "    vadd.f32 s23, s23, s15\n"
                     "    vadd.f32 s20, s20, s21\n"
                     "    vadd.f32 s22, s22, s23\n"
                     "    vadd.f32 s20, s20, s22\n"
                     "    vsub.f32 s20, s20, s20\n"
                     "    vcmp.f32 s20, s20\n"
                     "    mov r9, r2\n"
                     "    vmrs APSR_nzcv, fpscr\n"
                     "    bvs 5f\n"
                     "    cmp r7, #0\n"
                     "    beq 6f\n"
                     "    nn_positive s0, s1, s2, s3\n"
                     "    nn_positive s4, s5, s6, s7\n"
                     "    nn_positive s8, s9, s10, s11\n"
                     "    nn_positive s12, s13, s14, s15\n"
                     "    b 7f\n"
                     "5:\n"
                     "    movs r8, #1\n"
                     "6:\n"
                     "    vstm r9, {s0-s3}\n"
                     "    add r9, r9, r3\n"
                     "    vstm r9, {s4-s7}\n"
                     "    add r9, r9, r3\n"
                     "    vstm r9, {s8-s11}\n"
                     "    add r9, r9, r3\n"
                     "    vstm r9, {s12-s15}\n"
                     "7:\n"
                     "    adds r2, #16\n"
                     "    subs r6, #1\n"
                     "    bne 0b\n"
                     "    vpop {s16-s31}\n"
                     "    mov r0, r8\n"
                     "    pop {r4-r11, pc}\n"
                     ".purgem nn_step\n"
                     ".purgem nn_first\n"
                     ".purgem nn_positive\n");
}

#else

int32_t nn_gemm4_f32_fpu(const struct nn_gemm_f32_fpu *op, const float *block, float *output, int32_t stride) {
    const float *stream = op->stream;
    int32_t not_finite = 0;
    for (int32_t four = 0; four < op->fours; ++four, stream += CHANNELS * (op->depth + 1)) {
        for (int32_t i = 0; i < PIXELS * CHANNELS; ++i) {
            const float *weights = stream + i % CHANNELS;
            float sum = 0.0F;
            for (int32_t k = 0; k < op->depth; ++k, weights += CHANNELS) {
                sum += block[PIXELS * k + i / CHANNELS] * *weights;
            }
            sum += *weights;
            not_finite |= !(sum - sum == 0.0F);
            output[i / CHANNELS * stride + CHANNELS * four + i % CHANNELS] = op->positive && sum < 0.0F ? 0.0F : sum;
        }
    }
    return not_finite;
}

#endif
