/* A process of the host: its ticks are microseconds of wall time. */
#include "board.h"

#include <time.h>

#include "machine.h"

enum { US_PER_S = 1000000, NS_PER_US = 1000 };

const uint8_t board_tick_unit = BOARD_MICROSECONDS;
const uint32_t board_tick_rate = US_PER_S;

void board_init(void) {}

uint32_t board_ticks(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / NS_PER_US);
}

/* The host's stack grows on demand: there is nothing to measure. */
uint32_t board_stack_peak(void) {
    return 0;
}

uint32_t board_stack_size(void) {
    return 0;
}

void board_stack_repaint(void) {}

const char *board_fault(void) {
    return "";
}

void board_set_fault_report(void (*report)(const char *text)) {
    machine_set_fault_report(report);
}
