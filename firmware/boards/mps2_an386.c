/* QEMU's mps2-an386 with -icount shift=0: one instruction is one nanosecond of emulated time.
 *
 * The 25 MHz timer shows that time in steps of 40 instructions. To read it to the instruction, it is sampled 40 times,
 * 7 instructions apart: 7 and 40 have no common factor, so the samples meet every phase of the step once, and Hermite's
 * identity, floor(x) + floor(x + 1/n) + ... + floor(x + (n-1)/n) = floor(n x), makes their sum the number of
 * instructions plus a constant. What a call itself takes is the same every time; it is measured once and subtracted.
 *
 * Without -icount the figures are wall time in nanoseconds, roughly.
 */
#include "board.h"

#include "cortex_m4/stack.h"
#include "machine.h"
#include "mps2_an386/registers.h"

enum { TIMER_STEP = 40 };

const uint8_t board_tick_unit = BOARD_INSTRUCTIONS;
const uint32_t board_tick_rate = 0;

static uint32_t call_ticks; /* instructions from one sample to the next when nothing is between two calls */
static uint32_t spent;      /* instructions that calls have taken so far */

/* The sum of 40 readings. Never inlined and always the same path: its duration is a constant. */
__attribute__((noinline, aligned(8))) static uint32_t sample(void) {
    uint32_t sum = 0;
    uint32_t left = TIMER_STEP;
    uint32_t value;
    __asm__ volatile("1: ldr %[value], [%[timer]]\n\t"
                     "add %[sum], %[sum], %[value]\n\t"
                     "nop\n\tnop\n\tnop\n\t"
                     "subs %[left], %[left], #1\n\t"
                     "bne 1b"
                     : [sum] "+r"(sum), [left] "+r"(left), [value] "=&r"(value)
                     : [timer] "r"(&TIMER_VALUE)
                     : "cc", "memory");
    return 0u - sum; /* it counts down */
}

__attribute__((noinline)) uint32_t board_ticks(void) {
    uint32_t now = sample() - spent;
    spent += call_ticks;
    return now;
}

void board_init(void) {
    uint32_t first = board_ticks();
    call_ticks = board_ticks() - first;
    spent = 0;
}

uint32_t board_stack_peak(void) {
    return stack_peak();
}

uint32_t board_stack_size(void) {
    return stack_size();
}

void board_stack_repaint(void) {
    stack_paint();
}

const char *board_fault(void) {
    return ""; /* a fault ends the emulator: there is no next run to tell it in */
}

void board_set_fault_report(void (*report)(const char *text)) {
    machine_set_fault_report(report);
}
