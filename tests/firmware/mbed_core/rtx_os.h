#ifndef RTX_OS_H
#define RTX_OS_H

#include <stdint.h>

typedef struct {
    void *stack_mem;
    uint32_t stack_size;
} osRtxThread_t;

#endif
