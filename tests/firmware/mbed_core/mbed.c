/* Mbed OS as far as boardproof's board file sees it: what happens at a reset, at an error, and to the heap. Written
 * from the behaviour of Mbed OS 6.17; the addresses are those of its linker script for the Nano 33 BLE. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmsis_os2.h"
#include "platform/mbed_error.h"
#include "rtx_os.h"

extern uint8_t data_begin[], data_end[], data_source[], bss_begin[], bss_end[], __end__[], __HeapLimit[], __StackTop[];

enum { MAIN_STACK_BYTES = 4096, SMALLEST_BLOCK = 8, LARGEST_BLOCK = 1 << 16 };

/* The test goes on from here. */
__attribute__((noinline)) int main(void) {
    __asm__ volatile("");
    return 0;
}

void Reset_Handler(void) {
    memcpy(data_begin, data_source, (size_t)(data_end - data_begin));
    memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
    (void)main();
}

__attribute__((used, section(".vectors"))) static const void *const vectors[] = {__StackTop,
                                                                                 (const void *)Reset_Handler};

/* --- The main thread --- */

static uint64_t main_stack[MAIN_STACK_BYTES / sizeof(uint64_t)];
static osRtxThread_t main_thread = {main_stack, MAIN_STACK_BYTES};

osThreadId_t osThreadGetId(void) {
    return &main_thread;
}

/* --- Errors --- */

static bool error_in_progress;

bool mbed_get_error_in_progress(void) {
    return error_in_progress;
}

__attribute__((weak)) void mbed_error_hook(const mbed_error_ctx *error) {
    (void)error;
}

__attribute__((noinline)) void mbed_die(void) {
    for (;;) {
    }
}

void mbed_warning(mbed_error_status_t status, uint32_t value, uint32_t address, uint32_t stack_pointer) {
    const mbed_error_ctx error = {status, address, value, stack_pointer};
    mbed_error_hook(&error);
}

void mbed_error(mbed_error_status_t status, uint32_t value, uint32_t address, uint32_t stack_pointer) {
    error_in_progress = true;
    mbed_warning(status, value, address, stack_pointer);
    mbed_die();
}

/* --- The heap --- */

#undef errno
extern int errno;

__attribute__((weak)) void *_sbrk(ptrdiff_t increment) {
    static uint8_t *end = __end__;
    uint8_t *const before = end;
    if (increment > __HeapLimit - end) {
        errno = ENOMEM;
        return (void *)-1;
    }
    end += increment;
    return before;
}

/* Takes all there is, and fills it; returns where the highest block ends. */
uintptr_t allocate_everything(void) {
    uintptr_t highest = 0;
    for (size_t size = LARGEST_BLOCK; size >= SMALLEST_BLOCK; size /= 2) {
        uint8_t *block;
        while ((block = malloc(size)) != NULL) {
            memset(block, 0xFF, size);
            highest = (uintptr_t)block + size > highest ? (uintptr_t)block + size : highest;
        }
    }
    return highest;
}
