// Any board with an Arduino core, for boards of a user's own: what the core and the Arduino API offer, and no more.
//
// Ticks are cycles where the core has Armv7-M's cycle counter, else micros(). Where the stack is no core tells alike,
// and what happens at a fault is the core's own business.
#include "board.h"

#include <Arduino.h>

#if defined(__ARM_ARCH_7M__) || defined(__ARM_ARCH_7EM__) || defined(__ARM_ARCH_8M_MAIN__)
#define HAS_CYCLE_COUNTER 1
#else
#define HAS_CYCLE_COUNTER 0
#endif

#if HAS_CYCLE_COUNTER

namespace {

// Armv7-M Architecture Reference Manual, C1.6.5 and C1.8. The lock is the Cortex-M7's; others ignore it.
volatile uint32_t &at(uintptr_t address) {
    return *reinterpret_cast<volatile uint32_t *>(address);
}
constexpr uintptr_t kDemcr = 0xE000EDFC;
constexpr uintptr_t kDwtCtrl = 0xE0001000;
constexpr uintptr_t kDwtCyccnt = 0xE0001004;
constexpr uintptr_t kDwtLar = 0xE0001FB0;
constexpr uint32_t kTraceEnable = 1u << 24;
constexpr uint32_t kUnlock = 0xC5ACCE55;
constexpr uint32_t kCountCycles = 1;

} // namespace

const uint8_t board_tick_unit = BOARD_CYCLES;
#ifdef F_CPU // on some cores a variable, whose value is not known yet
const uint32_t board_tick_rate = __builtin_constant_p(F_CPU) ? static_cast<uint32_t>(F_CPU) : 0;
#else
const uint32_t board_tick_rate = 0;
#endif

void board_init(void) {
    at(kDemcr) |= kTraceEnable;
    at(kDwtLar) = kUnlock;
    at(kDwtCtrl) |= kCountCycles;
}

uint32_t board_ticks(void) {
    return at(kDwtCyccnt);
}

#else

const uint8_t board_tick_unit = BOARD_MICROSECONDS;
const uint32_t board_tick_rate = 1000000;

void board_init(void) {}

uint32_t board_ticks(void) {
    return static_cast<uint32_t>(micros());
}

#endif

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
    (void)report;
}
