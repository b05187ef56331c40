/* An nRF52840 in Renode, with firmware of our own from reset on.
 *
 * The ticks are those of the core's cycle counter, but they count instructions: no emulator knows how many cycles one
 * takes. The generated .repl lets emulated time advance by one tick of this counter an instruction.
 */
#include "board.h"

#include "cortex_m4/stack.h"
#include "cortex_m4/system_control.h"
#include "machine.h"

enum { TRACE_ENABLE = 1 << 24, COUNT_CYCLES = 1 };

const uint8_t board_tick_unit = BOARD_INSTRUCTIONS;
const uint32_t board_tick_rate = 0;

static uint32_t call_ticks; /* from one reading to the next when nothing is between two calls */
static uint32_t spent;      /* what calls have taken so far */

__attribute__((noinline)) uint32_t board_ticks(void) {
    uint32_t now = DWT_CYCCNT - spent;
    spent += call_ticks;
    return now;
}

void board_init(void) {
    DEMCR |= TRACE_ENABLE;
    DWT_CYCCNT = 0;
    DWT_CTRL |= COUNT_CYCLES;
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
    return ""; /* a fault stops the core: there is no next run to tell it in */
}

void board_set_fault_report(void (*report)(const char *text)) {
    machine_set_fault_report(report);
}
