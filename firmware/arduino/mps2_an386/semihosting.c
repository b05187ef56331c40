#include "semihosting.h"

enum {
    SYS_OPEN = 0x01,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT = 0x18,
    EXIT_APPLICATION = 0x20026, /* ADP_Stopped_ApplicationExit: status 0 */
    EXIT_RUN_TIME_ERROR = 0x20023
};

static int call(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory", "cc");
    return (int)r0;
}

int semihosting_open(const char *path, size_t size, enum semihosting_mode mode) {
    const struct {
        const char *path;
        uint32_t mode;
        uint32_t length;
    } block = {path, (uint32_t)mode, (uint32_t)size};
    return call(SYS_OPEN, &block);
}

static size_t transfer(uint32_t operation, int handle, const void *buffer, size_t size) {
    const struct {
        int handle;
        const void *buffer;
        uint32_t size;
    } block = {handle, buffer, (uint32_t)size};
    int left = call(operation, &block);
    return left < 0 ? size : (size_t)left;
}

size_t semihosting_read(int handle, void *buffer, size_t size) {
    return transfer(SYS_READ, handle, buffer, size);
}

size_t semihosting_write(int handle, const void *data, size_t size) {
    return transfer(SYS_WRITE, handle, data, size);
}

void semihosting_print(const char *text) {
    (void)call(SYS_WRITE0, text);
}

void semihosting_command_line(char *buffer, size_t size) {
    const struct {
        char *buffer;
        uint32_t size;
    } block = {buffer, (uint32_t)size};
    buffer[0] = '\0';
    if (call(SYS_GET_CMDLINE, &block) != 0) {
        buffer[0] = '\0';
    }
    buffer[size - 1] = '\0';
}

void semihosting_exit(int status) {
    (void)call(SYS_EXIT, (const void *)(uintptr_t)(status == 0 ? EXIT_APPLICATION : EXIT_RUN_TIME_ERROR));
}
