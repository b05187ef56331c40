/* As much of Mbed's error handling as boardproof's board file uses. */
#ifndef MBED_ERROR_H
#define MBED_ERROR_H

#include <stdbool.h>
#include <stdint.h>

typedef int mbed_error_status_t;

typedef struct {
    mbed_error_status_t error_status;
    uint32_t error_address;
    uint32_t error_value;
    uint32_t thread_current_sp;
} mbed_error_ctx;

bool mbed_get_error_in_progress(void);
void mbed_error_hook(const mbed_error_ctx *error);

#endif
