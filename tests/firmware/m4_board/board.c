/* The least program that runs a generated model on samples of its own on a Cortex-M that QEMU emulates, and says by
 * semihosting how many outputs differ from the expected ones, and how many instructions each step took in the last
 * inference, where HAS_TIMER says that the machine has the timer of the MPS2 AN386.
 *
 * vectors.h, written by the test, has: SAMPLES, inputs[], outputs[] (each all samples of one tensor, one after
 * another).
 */
#include <stdint.h>
#include <string.h>

#include "board.h"
#include "model.h"
#include "vectors.h"

enum {
    SYS_WRITE0 = 0x04,
    SYS_EXIT_EXTENDED = 0x20,
    STOPPED_BY_PROGRAM = 0x20026,
    INSTRUCTIONS_PER_TICK = 40 /* 1 ns each under -icount shift=0; the timer counts at 25 MHz */
};

#define TIMER_CONTROL (*(volatile uint32_t *)0x40000000)
#define TIMER_VALUE (*(volatile uint32_t *)0x40000004)
#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xE000ED88)

extern uint32_t data_source[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];

static void host_call(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void quit(uint32_t status) {
    const uint32_t reason[2] = {STOPPED_BY_PROGRAM, status};
    host_call(SYS_EXIT_EXTENDED, reason);
}

static void say(uint32_t number) {
    char text[12];
    char *p = text + sizeof text;
    *--p = '\0';
    *--p = '\n';
    do {
        *--p = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    host_call(SYS_WRITE0, p);
}

uint32_t board_ticks(void) {
#if HAS_TIMER
    return (0U - TIMER_VALUE) * INSTRUCTIONS_PER_TICK;
#else
    return 0;
#endif
}

static uint32_t run_sample(uint32_t sample) {
    struct model_tensor tensor;
    uint32_t wrong = 0;
    for (uint16_t i = 0; i < model_info.input_count; ++i) {
        model_input(i, &tensor);
        memcpy(tensor.data, inputs[i] + sample * tensor.bytes, tensor.bytes);
    }
    model_invoke();
    for (uint16_t i = 0; i < model_info.output_count; ++i) {
        model_output(i, &tensor);
        for (uint32_t j = 0; j < tensor.bytes; ++j) {
            wrong += ((const uint8_t *)tensor.data)[j] != outputs[i][sample * tensor.bytes + j];
        }
    }
    return wrong;
}

static void reset(void) {
    COPROCESSOR_ACCESS |= 0xFU << 20;
    __asm__ volatile("dsb\n\tisb");
    memcpy(data_begin, data_source, (size_t)((char *)data_end - (char *)data_begin));
    memset(bss_begin, 0, (size_t)((char *)bss_end - (char *)bss_begin));
#if HAS_TIMER
    TIMER_VALUE = 0xFFFFFFFFU;
    TIMER_CONTROL = 1;
#endif
    uint32_t wrong = model_init() != 0;
    for (uint32_t sample = 0; sample < SAMPLES; ++sample) {
        wrong += run_sample(sample);
    }
    say(wrong);
    for (uint16_t i = 0; i < model_info.op_count; ++i) {
        say(model_op_ticks(i));
    }
    quit(0);
}

static void fault(void) {
    quit(1);
}

__attribute__((section(".vectors"), used))
const void *const vectors[16] = {stack_top,           (const void *)reset, (const void *)fault, (const void *)fault,
                                 (const void *)fault, (const void *)fault, (const void *)fault};
