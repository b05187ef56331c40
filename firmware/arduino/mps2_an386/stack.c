#include "stack.h"

enum { PATTERN = 0x57AC57AC };

void stack_paint(void) {
    uint32_t *here;
    __asm__ volatile("mov %0, sp" : "=r"(here));
    for (volatile uint32_t *word = __stack_bottom; word < here; ++word) {
        *word = PATTERN;
    }
}

uint32_t stack_peak(void) {
    const uint32_t *word = __stack_bottom;
    while (word < __stack_top && *word == PATTERN) {
        ++word;
    }
    return (uint32_t)((uintptr_t)__stack_top - (uintptr_t)word);
}

uint32_t stack_size(void) {
    return (uint32_t)((uintptr_t)__stack_top - (uintptr_t)__stack_bottom);
}
