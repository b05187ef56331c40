#include "faults.h"

#include <stddef.h>
#include <stdint.h>

#include "machine.h"
#include "stack.h"
#include "system_control.h"

enum {
    EMERGENCY_STACK_BYTES = 1024,
    SEMIHOSTING_BREAKPOINT = 0xBEAB,
    HARD_FAULT = 3,
    NEAR_BYTES = 4096,
    /* Bits of the configurable fault status register. */
    MEMORY_UNSTACKING = 1 << 3, /* eight bits below that of the bus */
    MMFAR_VALID = 1 << 7,
    BFAR_VALID = 1 << 15,
    STACKING_FAILED = 1 << 4 | 1 << 5 | 1 << 12 | 1 << 13
};

#define NO_ADDRESS UINT32_MAX

/* What the core pushes when it takes an exception. */
struct frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

__attribute__((used, aligned(8))) static uint8_t emergency_stack[EMERGENCY_STACK_BYTES];

/* Text assembled without printf: the fault may be the heap's. */
struct text {
    char *end;
    char *limit;
};

static void put(struct text *text, const char *words) {
    while (*words != '\0' && text->end < text->limit) {
        *text->end++ = *words++;
    }
    *text->end = '\0';
}

static void put_hex(struct text *text, const char *name, uint32_t value) {
    char digits[9];
    for (int i = 7; i >= 0; --i, value >>= 4) {
        const uint32_t digit = value & 15u;
        digits[i] = (char)(digit + (digit < 10u ? '0' : 'a' - 10u));
    }
    digits[8] = '\0';
    put(text, name);
    put(text, "0x");
    put(text, digits);
}

static uint32_t exception_number(void) {
    uint32_t number;
    __asm__ volatile("mrs %0, ipsr" : "=r"(number));
    return number;
}

/* Tables of texts, each behind a character with its number: pointers would take more than the words. */
/* clang-format off */
static const char exceptions[] = "\x02" "NMI\0"
                                 "\x03" "hard fault\0"
                                 "\x04" "memory management fault\0"
                                 "\x05" "bus fault\0"
                                 "\x06" "usage fault";

/* Bits of the configurable fault status register beside those of STACKING_FAILED, the most telling first. */
static const char causes[] = "\x19" "division by zero\0"
                             "\x18" "unaligned access\0"
                             "\x13" "no such coprocessor\0"
                             "\x12" "invalid exception return\0"
                             "\x11" "jump to code that is not Thumb\0"
                             "\x10" "undefined instruction\0"
                             "\x09" "data access to no memory\0"
                             "\x0A" "imprecise data access to no memory\0"
                             "\x08" "instruction fetch from no memory\0"
                             "\x01" "forbidden data access\0"
                             "\x00" "execution of data\0"
                             "\x0B" "damaged stack on exception return";
/* clang-format on */

/* The first text of a table whose number is among the bits that are set; NULL if there is none. */
static const char *find_text(const char *table, size_t size, uint32_t bits) {
    for (const char *at = table; at < table + size;) {
        const uint32_t number = (uint8_t)*at++;
        if ((bits >> number & 1u) != 0) {
            return at;
        }
        while (*at++ != '\0') {
        }
    }
    return NULL;
}

/* The address whose access faulted, or NO_ADDRESS. */
static uint32_t fault_address(uint32_t cfsr) {
    if ((cfsr & MMFAR_VALID) != 0) {
        return SCB_MMFAR;
    }
    return (cfsr & BFAR_VALID) != 0 ? SCB_BFAR : NO_ADDRESS;
}

/* Memory below the stack does not exist: a stack pointer under the bottom, or an access just under it, means that the
 * stack overflowed. */
static int is_stack_overflow(uint32_t stack_pointer, uint32_t cfsr) {
    uint32_t bottom = (uint32_t)(uintptr_t)__stack_bottom;
    uint32_t address = fault_address(cfsr);
    return stack_pointer < bottom || (cfsr & STACKING_FAILED) != 0 ||
           (address < bottom && address >= bottom - NEAR_BYTES);
}

static int holds_frame(uint32_t stack_pointer) {
    return stack_pointer >= (uint32_t)(uintptr_t)__stack_bottom &&
           stack_pointer + sizeof(struct frame) <= (uint32_t)(uintptr_t)__stack_top;
}

static void describe(struct text *text, uint32_t stack_pointer) {
    uint32_t cfsr = SCB_CFSR;
    const uint32_t number = exception_number();
    const char *what = find_text(exceptions, sizeof exceptions, number < 32u ? 1u << number : 0u);
    const char *why = find_text(causes, sizeof causes, cfsr | (cfsr & MEMORY_UNSTACKING) << 8);
    if (is_stack_overflow(stack_pointer, cfsr)) {
        why = "stack overflow";
    }
    put(text, what != NULL ? what : "unexpected exception");
    if (why != NULL) {
        put(text, ", ");
        put(text, why);
    }
    put_hex(text, "; sp ", stack_pointer);
    if (holds_frame(stack_pointer)) {
        const struct frame *frame = (const struct frame *)(uintptr_t)stack_pointer;
        put_hex(text, ", pc ", frame->pc);
        put_hex(text, ", lr ", frame->lr);
    }
    put_hex(text, ", cfsr ", cfsr);
    put_hex(text, ", hfsr ", SCB_HFSR);
    if (fault_address(cfsr) != NO_ADDRESS) {
        put_hex(text, ", address ", fault_address(cfsr));
    }
}

/* Without an emulator that answers, a semihosting call is a hard fault at its breakpoint: answer -1 and go on. */
static int skip_semihosting(uint32_t stack_pointer) {
    struct frame *frame = (struct frame *)(uintptr_t)stack_pointer;
    if (exception_number() != HARD_FAULT || SCB_CFSR != 0 || !holds_frame(stack_pointer) ||
        *(const uint16_t *)(uintptr_t)frame->pc != SEMIHOSTING_BREAKPOINT) {
        return 0;
    }
    frame->r0 = UINT32_MAX;
    frame->pc += 2;
    return 1;
}

__attribute__((used)) static void handle(uint32_t stack_pointer) {
    static char words[256];
    struct text text = {words, words + sizeof words - 1};
    if (skip_semihosting(stack_pointer)) {
        return;
    }
    describe(&text, stack_pointer);
    machine_fault(words);
}

/* The stack may be what is broken: continue on one of our own, and keep the old pointer to read its frame. */
__attribute__((naked)) void fault_entry(void) {
    __asm__ volatile("mov r0, sp\n\t"
                     "movw r1, #:lower16:%c0\n\t"
                     "movt r1, #:upper16:%c0\n\t"
                     "mov sp, r1\n\t"
                     "push {r0, lr}\n\t"
                     "bl %c1\n\t"
                     "pop {r0, lr}\n\t"
                     "mov sp, r0\n\t"
                     "bx lr" ::"i"(emergency_stack + EMERGENCY_STACK_BYTES),
                     "i"(handle));
}
