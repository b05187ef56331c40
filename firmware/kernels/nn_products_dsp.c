#include "nn_products_dsp.h"

#include <stddef.h>

#include "nn_block_dsp.h"

#if NN_HAS_DSP

_Static_assert(offsetof(struct nn_products_dsp, units) == 4 && offsetof(struct nn_products_dsp, multiplier) == 12,
               "the assembly reads the members at these places");

/* Registers: r0 the rows, r1 the columns, r2 r3 of columns, r4 r5 of rows, r6 r7 r8 r9 column 0 of rows 0 to 3,
 * r10 r11 r12 lr column 1. Stack: output, stride; rows, where to enter the loop; rows' end, output end; multiplier,
 * shift; round.
 *
 * The first unit takes the heads as the sums it adds to. The loop is unrolled four times and entered at the unit that
 * makes the rest come out even. */
__attribute__((naked, noinline)) void nn_products4_dsp(const struct nn_products_dsp *op NN_UNUSED,
                                                       const uint32_t *rows NN_UNUSED, int8_t *output NN_UNUSED,
                                                       int32_t stride NN_UNUSED) {
    __asm__ volatile(
        ".syntax unified\n" NN_BLOCK_MACS ".macro nn_next a0, a1, b0, b1, c0, c1, d0, d1\n"
        "    ldmia r0!, {r4, r5}\n"
        "    nn_macs \\a0, \\a1, \\b0, \\b1, \\c0, \\c1, \\d0, \\d1\n"
        ".endm\n"
        ".macro nn_half\n"
        "    ldmia r1!, {r2, r3}\n"
        "    nn_next r6, r7, r10, r11, r6, r7, r10, r11\n"
        "    nn_next r8, r9, r12, lr, r8, r9, r12, lr\n"
        ".endm\n"
        ".macro nn_unit\n"
        "    nn_half\n"
        "    nn_half\n"
        ".endm\n"

        "    push {r4-r11, lr}\n"
        "    sub sp, sp, #36\n"
        "    strd r2, r3, [sp]\n"      /* output, stride */
        "    ldrd r4, r5, [r0, #12]\n" /* multiplier, shift */
        "    ldr r6, [r0, #20]\n"      /* round */
        "    strd r4, r5, [sp, #24]\n"
        "    str r6, [sp, #32]\n"
        "    cmp r4, #0\n"
        "    ldrd r4, r5, [r0, #4]\n" /* units, pairs */
        "    ite eq\n"
        "    addeq r2, r2, r5, lsl #5\n"
        "    addne r2, r2, r5, lsl #1\n"
        "    add r6, r1, r4, lsl #5\n"
        "    strd r6, r2, [sp, #16]\n" /* rows' end, output end */
        "    ldr r3, [r0]\n"
        /* Entry: with u units after the first, -u modulo 4 units into the loop; straight to the end if u is 0. */
        NN_BLOCK_ENTRY "    strd r1, r5, [sp, #8]\n" /* rows, entry */
        "    mov r1, r3\n"

        "0:\n"
        "    ldr r0, [sp, #8]\n"
        "    ldmia.w r1!, {r9, lr}\n"
        "    ldmia r1!, {r2, r3}\n"
        "    nn_next r6, r7, r10, r11, r9, r9, lr, lr\n"
        "    nn_next r8, r9, r12, lr, r9, r9, lr, lr\n"
        "    nn_half\n"
        "    ldr pc, [sp, #12]\n"

        "    .balign 4\n"
        "1:\n"
        "    nn_unit\n"
        "    nn_unit\n"
        "    nn_unit\n"
        "    nn_unit\n"
        "9:\n"
        "    ldr r4, [sp, #16]\n"
        "    cmp r0, r4\n"
        "    bne 1b\n"

        "    .balign 4\n"
        "2:\n"
        "    ldrd r2, r3, [sp, #24]\n"
        "    cmp r2, #0\n"
        "    beq 5f\n"
        "    ldr r4, [sp, #32]\n"
        "    .irp a, r6, r7, r8, r9, r10, r11, r12, lr\n"
        "    add r5, r4, \\a, asr #31\n"
        "    smmlar \\a, \\a, r2, r5\n"
        "    asr \\a, \\a, r3\n"
        "    ssat \\a, #8, \\a, asr #1\n"
        "    .endr\n" NN_BLOCK_STORE_S8("20") "6:\n"
                                              "    add sp, sp, #36\n"
                                              "    pop {r4-r11, pc}\n"

                                              "5:\n"
                                              "    .irp a, r6, r7, r8, r9, r10, r11, r12, lr\n"
                                              "    asr \\a, \\a, #1\n"
                                              "    .endr\n"
                                              "    ldr r2, [sp]\n"
                                              "    ldr r5, [sp, #20]\n"
                                              "    stmia r2!, {r6, r7}\n"
                                              "    strd r8, r9, [r2], #8\n"
                                              "    strd r10, r11, [r2], #8\n"
                                              "    strd r12, lr, [r2], #8\n"
                                              "    str r2, [sp]\n"
                                              "    cmp r2, r5\n"
                                              "    bne 0b\n"
                                              "    b 6b\n"

                                              ".purgem nn_macs\n"
                                              ".purgem nn_next\n"
                                              ".purgem nn_half\n"
                                              ".purgem nn_unit\n");
}

#else

void nn_products4_dsp(const struct nn_products_dsp *op, const uint32_t *rows, int8_t *output, int32_t stride) {
    const int32_t pair_words = NN_PRODUCTS_PAIR_HEAD + NN_PRODUCTS_PAIR_WORDS * op->units;
    for (int32_t column = 0; column < 2 * op->pairs; ++column) {
        const uint32_t *pair = op->columns + column / 2 * pair_words + column % 2;
        for (int32_t row = 0; row < NN_PRODUCTS_ROWS; ++row) {
            const uint32_t *y = pair + NN_PRODUCTS_PAIR_HEAD;
            const uint32_t *x = rows + row;
            int32_t sum = (int32_t)*pair;
            for (int32_t half = 0; half < 2 * op->units; ++half, x += NN_PRODUCTS_ROWS, y += 2) {
                sum = nn_smlad(*x, *y, sum);
            }
            if (op->multiplier == 0) {
                ((int32_t *)(void *)output)[column * NN_PRODUCTS_ROWS + row] = sum >> 1;
            } else {
                const int32_t rounded = nn_smmlar(sum, op->multiplier, op->round + (sum >> 31));
                output[row * stride + column] = (int8_t)nn_ssat8(rounded >> op->shift >> 1);
            }
        }
    }
}

#endif
