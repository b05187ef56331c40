/* Arduino Nano 33 BLE: nRF52840 at 64 MHz, with Arduino's core on Mbed OS.
 *
 * Ticks are the core's cycles; those of interrupts, such as USB's every millisecond, are among them. The stack is that
 * of Mbed's main thread, which runs setup() and loop(). What would stop Mbed (a fault, an assertion, a lack of memory)
 * is noted in memory that keeps its content over a reset, and the board restarts: otherwise its USB port would be gone
 * until somebody presses the button. Two such restarts without an inference in between are the last: then Mbed's own
 * handling follows (it stops, and the LED blinks).
 */
#include "board.h"

#include <errno.h>
#include <stdio.h>

#include "cmsis_os2.h"
#include "platform/mbed_error.h"
#include "rtx_os.h"

/* Armv7-M Architecture Reference Manual, C1.6.5 and C1.8; nRF52840 Product Specification, POWER. */
#define REGISTER(address) (*(volatile uint32_t *)(address))
#define DEMCR REGISTER(0xE000EDFCu)
#define DWT_CTRL REGISTER(0xE0001000u)
#define DWT_CYCCNT REGISTER(0xE0001004u)
#define SCB_AIRCR REGISTER(0xE000ED0Cu)
#define POWER_RESETREAS REGISTER(0x40000400u)

enum {
    DEMCR_TRCENA = 1 << 24,
    DWT_CYCCNTENA = 1,
    RESET_WATCHDOG = 1 << 1,
    RESET_LOCKUP = 1 << 3,
    STACK_PATTERN = 0x57AC57AC,
    STACK_GUARD_WORDS = 1, /* RTX checks the lowest word itself */
    NOTE_MAGIC = 0x0BADB0A7,
    NOTE_BYTES = 256,
    NOTE_WORDS_BYTES = 160,
    RESTARTS_MAX = 2
};

#define AIRCR_RESET 0x05FA0004u

const uint8_t board_tick_unit = BOARD_CYCLES;
const uint32_t board_tick_rate = 64000000;

/* What is left for the next run, in the last bytes of what Mbed's linker script gives the heap. The memory it reserves
 * for crashes is no place: the Nano's bootloader runs at every reset and zeroes RAM up to 0x20006d48. It touches
 * nothing above 0x20009e14 (both seen in its image of core 4.5.0). */
struct note {
    uint32_t magic;
    uint32_t restarts;
    char words[NOTE_WORDS_BYTES];
};

_Static_assert(sizeof(struct note) <= NOTE_BYTES, "the note must fit into what the heap leaves it");

extern uint8_t __end__[], __HeapLimit[]; /* of Mbed's linker script: where the heap begins and ends */

/* Where the note is. Hidden from the compiler, to whom it is 256 bytes before the beginning of an object. */
static struct note *the_note(void) {
    uintptr_t address = (uintptr_t)__HeapLimit - NOTE_BYTES;
    __asm__("" : "+r"(address));
    return (struct note *)address;
}

/* The heap, less the note. Takes the place of Mbed's own, which is weak to that end and else the same. */
void *_sbrk(ptrdiff_t increment) {
    static uintptr_t end = (uintptr_t)__end__;
    const uintptr_t before = end;
    if (increment > (ptrdiff_t)((uintptr_t)the_note() - end)) {
        errno = ENOMEM;
        return (void *)-1;
    }
    end += (uintptr_t)increment;
    return (void *)before;
}

static char last_fault[NOTE_WORDS_BYTES];

static void read_note(void) {
    struct note *note = the_note();
    uint32_t reason = POWER_RESETREAS;
    POWER_RESETREAS = reason; /* ones clear */
    if (note->magic == NOTE_MAGIC) {
        note->words[sizeof note->words - 1] = '\0';
        (void)snprintf(last_fault, sizeof last_fault, "%s", note->words);
        note->words[0] = '\0';
    }
    if (last_fault[0] == '\0' && (reason & (RESET_LOCKUP | RESET_WATCHDOG)) != 0) {
        (void)snprintf(last_fault, sizeof last_fault, "reset by %s",
                       (reason & RESET_LOCKUP) != 0 ? "CPU lock-up" : "watchdog");
    }
}

void board_init(void) {
    DEMCR |= DEMCR_TRCENA;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CYCCNTENA;
    read_note();
}

uint32_t board_ticks(void) {
    return DWT_CYCCNT;
}

static const osRtxThread_t *main_thread(void) {
    return (const osRtxThread_t *)osThreadGetId();
}

static uint32_t *stack_bottom(void) {
    return (uint32_t *)main_thread()->stack_mem + STACK_GUARD_WORDS;
}

uint32_t board_stack_size(void) {
    return main_thread()->stack_size;
}

uint32_t board_stack_peak(void) {
    const uint32_t *word = stack_bottom();
    const uint32_t *end = (const uint32_t *)main_thread()->stack_mem + main_thread()->stack_size / sizeof *word;
    while (word < end && *word == STACK_PATTERN) {
        ++word;
    }
    return (uint32_t)((uintptr_t)end - (uintptr_t)word);
}

/* Interrupts that push their frame meanwhile do it below the stack pointer, where we paint: hold them off. */
void board_stack_repaint(void) {
    uint32_t mask;
    uint32_t *here;
    if (the_note()->magic == NOTE_MAGIC) {
        the_note()->restarts = 0;
    }
    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(mask)::"memory");
    __asm__ volatile("mov %0, sp" : "=r"(here));
    for (volatile uint32_t *word = stack_bottom(); word < here; ++word) {
        *word = STACK_PATTERN;
    }
    __asm__ volatile("msr primask, %0" ::"r"(mask) : "memory");
}

const char *board_fault(void) {
    return last_fault;
}

/* USB cannot be written to after a fault: the host reads board_fault() after the restart. */
void board_set_fault_report(void (*report)(const char *text)) {
    (void)report;
}

/* Mbed calls this for every error before it stops, and for mere warnings too: those are not fatal. */
void mbed_error_hook(const mbed_error_ctx *error) {
    struct note *note = the_note();
    uint32_t restarts = note->magic == NOTE_MAGIC ? note->restarts : 0;
    if (restarts >= RESTARTS_MAX || !mbed_get_error_in_progress()) {
        return;
    }
    note->magic = NOTE_MAGIC;
    note->restarts = restarts + 1;
    (void)snprintf(note->words, sizeof note->words, "Mbed error 0x%08lx, value 0x%08lx; pc 0x%08lx, sp 0x%08lx",
                   (unsigned long)error->error_status, (unsigned long)error->error_value,
                   (unsigned long)error->error_address, (unsigned long)error->thread_current_sp);
    __asm__ volatile("dsb" ::: "memory");
    SCB_AIRCR = AIRCR_RESET;
    for (;;) {
    }
}
