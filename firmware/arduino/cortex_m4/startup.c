/* From reset to main(), and the vector table. */
#include <stdint.h>

#include "faults.h"
#include "stack.h"
#include "system_control.h"

extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[];
extern const uint32_t __data_load[];
typedef void (*constructor)(void);
extern const constructor __preinit_array_start[], __preinit_array_end[];
extern const constructor __init_array_start[], __init_array_end[];

int main(void);
void machine_reset(void) __attribute__((noreturn));

enum {
    MPU_ENABLE = 1,
    REGION_ENABLE = 1,
    REGION_VALID = 1 << 4, /* RBAR names the region itself */
    EXECUTE_NEVER = 1 << 28,
    ACCESS_NONE = 0 << 24,
    ACCESS_ALL = 3 << 24,
    ACCESS_READ_ONLY = 6 << 24,
    NORMAL_MEMORY = 1 << 17 | 1 << 18, /* cacheable, shareable: as the default map has RAM */
    DEVICE_MEMORY = 1 << 16
};

static void map(uint32_t region, uint32_t address, uint32_t size_log2, uint32_t attributes) {
    MPU_RBAR = address | REGION_VALID | region;
    MPU_RASR = attributes | (size_log2 - 1u) << 1 | REGION_ENABLE;
}

/* Emulators have more memory than the board whose budget this is, writable code memory, or addresses with nothing there
 * that answer all the same. With these regions a write to address 0, a jump into data, or an access past either memory
 * faults, as it would there. The last one is for Renode, which lets privileged code through where no region is: it
 * catches a stack that overflows. */
static void protect_memory(void) {
    map(0, 0x00000000u, 20, ACCESS_READ_ONLY | NORMAL_MEMORY);
    map(1, 0x20000000u, 18, ACCESS_ALL | NORMAL_MEMORY | EXECUTE_NEVER);
    map(2, 0x40000000u, 29, ACCESS_ALL | DEVICE_MEMORY | EXECUTE_NEVER);
    map(3, 0x1FFF0000u, 16, ACCESS_NONE | NORMAL_MEMORY | EXECUTE_NEVER);
    MPU_CTRL = MPU_ENABLE;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

static void enable_fpu(void) {
    SCB_CPACR |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

static void enable_faults(void) {
    SCB_SHCSR |= 1u << 16 | 1u << 17 | 1u << 18; /* memory management, bus, usage: not all as hard faults */
}

static void run(const constructor *first, const constructor *end) {
    for (; first != end; ++first) {
        (*first)();
    }
}

void machine_reset(void) {
    enable_fpu();
    const uint32_t *load = __data_load;
    for (uint32_t *word = __data_start; word != __data_end; ++word) {
        *word = *load++;
    }
    for (uint32_t *word = __bss_start; word != __bss_end; ++word) {
        *word = 0;
    }
    protect_memory();
    enable_faults();
    stack_paint();
    run(__preinit_array_start, __preinit_array_end);
    run(__init_array_start, __init_array_end);
    (void)main();
    for (;;) {
    }
}

enum { EXCEPTIONS = 16, INTERRUPTS = 48 };

/* None but reset is expected. */
__attribute__((used, section(".vectors"))) static const struct {
    uint32_t *stack;
    constructor reset;
    constructor others[EXCEPTIONS - 2 + INTERRUPTS];
} vectors = {__stack_top, machine_reset, {[0 ... EXCEPTIONS - 3 + INTERRUPTS] = fault_entry}};
