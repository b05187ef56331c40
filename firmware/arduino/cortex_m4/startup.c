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

#define SIZE_LOG2(log2) (((log2) - 1) << 1)

/* Emulators have more memory than the board whose budget this is, writable code memory, or addresses with nothing there
 * that answer all the same. With these regions a write to address 0, a jump into data, or an access past either memory
 * faults, as it would there. Where regions overlap, the one with the higher number counts: the first four are for
 * Renode, which lets privileged code through where no region is. */
static void protect_memory(void) {
    static const struct {
        uint32_t address;
        uint32_t attributes;
    } regions[] = {
        {0x00000000u, ACCESS_NONE | NORMAL_MEMORY | EXECUTE_NEVER | SIZE_LOG2(30)},
        {0x60000000u, ACCESS_NONE | NORMAL_MEMORY | EXECUTE_NEVER | SIZE_LOG2(29)},
        {0x80000000u, ACCESS_NONE | NORMAL_MEMORY | EXECUTE_NEVER | SIZE_LOG2(30)},
        {0xC0000000u, ACCESS_NONE | NORMAL_MEMORY | EXECUTE_NEVER | SIZE_LOG2(29)},
        {0x00000000u, ACCESS_READ_ONLY | NORMAL_MEMORY | SIZE_LOG2(20)},
        {0x20000000u, ACCESS_ALL | NORMAL_MEMORY | EXECUTE_NEVER | SIZE_LOG2(18)},
        {0x40000000u, ACCESS_ALL | DEVICE_MEMORY | EXECUTE_NEVER | SIZE_LOG2(29)},
    };
    for (uint32_t i = 0; i < sizeof regions / sizeof regions[0]; ++i) {
        MPU_RBAR = regions[i].address | REGION_VALID | i;
        MPU_RASR = regions[i].attributes | REGION_ENABLE;
    }
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

enum { EXCEPTIONS = 16 };

/* As long as nothing enables an interrupt, it ends with the exceptions. None but reset is expected. */
__attribute__((used, section(".vectors"))) static const struct {
    uint32_t *stack;
    constructor reset;
    constructor others[EXCEPTIONS - 2];
} vectors = {__stack_top, machine_reset, {[0 ... EXCEPTIONS - 3] = fault_entry}};
