#include "nn_f32.h"

#include "nn_conv_f32_fpu.h"
#include "nn_fpu.h"

enum { ROWS = NN_DENSE_F32_ROWS };

void nn_fully_connected_f32_fpu(const struct nn_fully_connected_f32_fpu *op, const float *input, float *output) {
    for (int32_t batch = 0; batch < op->batches; ++batch, input += op->input_size) {
        const float *stream = op->stream;
        for (int32_t left = op->output_size; left > 0; left -= ROWS, stream += ROWS * (op->input_size + 1)) {
            float sums[ROWS];
            nn_dense8_f32_fpu(stream, input, op->input_size, sums);
            for (int32_t i = 0; i < ROWS && i < left; ++i) {
                *output++ = nn_clamp_f32(sums[i], op->activation_min, op->activation_max);
            }
        }
    }
}

#if NN_HAS_FPU

/* Registers: r0 the stream, r1 the input, r2 what is left of it, r3 where to; s0 to s7 sums, s8 to s15 weights, s16 to
 * s23 products, s24 to s27 inputs. */
__attribute__((naked, noinline)) void nn_dense8_f32_fpu(const float *stream NN_UNUSED, const float *input NN_UNUSED,
                                                        int32_t depth NN_UNUSED,
                                                        float sums[NN_DENSE_F32_ROWS] NN_UNUSED) {
    __asm__ volatile(".syntax unified\n"
                     ".macro nn_step x\n"
                     "    vldm r0!, {s8-s15}\n"
                     "    vmul.f32 s16, \\x, s8\n"
                     "    vmul.f32 s17, \\x, s9\n"
                     "    vmul.f32 s18, \\x, s10\n"
                     "    vmul.f32 s19, \\x, s11\n"
                     "    vmul.f32 s20, \\x, s12\n"
                     "    vmul.f32 s21, \\x, s13\n"
                     "    vmul.f32 s22, \\x, s14\n"
                     "    vmul.f32 s23, \\x, s15\n"
                     "    vadd.f32 s0, s0, s16\n"
                     "    vadd.f32 s1, s1, s17\n"
                     "    vadd.f32 s2, s2, s18\n"
                     "    vadd.f32 s3, s3, s19\n"
                     "    vadd.f32 s4, s4, s20\n"
                     "    vadd.f32 s5, s5, s21\n"
                     "    vadd.f32 s6, s6, s22\n"
                     "    vadd.f32 s7, s7, s23\n"
                     ".endm\n"

                     "    vpush {s16-s27}\n"
                     "    mov r12, #0\n"
                     "    vmov d0, r12, r12\n"
                     "    vmov d1, r12, r12\n"
                     "    vmov d2, r12, r12\n"
                     "    vmov d3, r12, r12\n"
                     "    b 2f\n"
                     "1:\n"
                     "    vldm r1!, {s24-s27}\n"
                     "    nn_step s24\n"
                     "    nn_step s25\n"
                     "    nn_step s26\n"
                     "    nn_step s27\n"
                     "2:\n"
                     "    subs r2, #4\n"
                     "    bhs 1b\n"
                     "    adds r2, #4\n"
                     "    beq 4f\n"
                     "3:\n"
                     "    vldm r1!, {s24}\n"
                     "    nn_step s24\n"
                     "    subs r2, #1\n"
                     "    bne 3b\n"
                     "4:\n"
                     "    vldm r0, {s8-s15}\n"
                     "    vadd.f32 s0, s0, s8\n"
                     "    vadd.f32 s1, s1, s9\n"
                     "    vadd.f32 s2, s2, s10\n"
                     "    vadd.f32 s3, s3, s11\n"
                     "    vadd.f32 s4, s4, s12\n"
                     "    vadd.f32 s5, s5, s13\n"
                     "    vadd.f32 s6, s6, s14\n"
                     "    vadd.f32 s7, s7, s15\n"
                     "    vstm r3, {s0-s7}\n"
                     "    vpop {s16-s27}\n"
                     "    bx lr\n"
                     ".purgem nn_step\n");
}

#else

void nn_dense8_f32_fpu(const float *stream, const float *input, int32_t depth, float sums[NN_DENSE_F32_ROWS]) {
    for (int32_t i = 0; i < ROWS; ++i) {
        sums[i] = 0.0F;
        for (int32_t k = 0; k < depth; ++k) {
            sums[i] += input[k] * stream[ROWS * k + i];
        }
        sums[i] += stream[ROWS * depth + i];
    }
}

#endif
