/* What newlib asks of an operating system. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "machine.h"

extern char __heap_start[], __heap_end[];

int _close(int file);
int _fstat(int file, struct stat *status);
int _getpid(void);
int _isatty(int file);
int _kill(int pid, int signal);
int _lseek(int file, int offset, int whence);
int _read(int file, char *buffer, int size);
int _write(int file, const char *data, int size);
void *_sbrk(ptrdiff_t increment);
void _exit(int status) __attribute__((noreturn));

void _exit(int status) {
    machine_exit(status);
}

/* The heap ends where RAM ends; the stack is at RAM's other end. */
void *_sbrk(ptrdiff_t increment) {
    static char *end = __heap_start;
    if (increment > __heap_end - end || increment < __heap_start - end) {
        errno = ENOMEM;
        return (void *)-1;
    }
    char *previous = end;
    end += increment;
    return previous;
}

/* printf is for debugging: it goes to the console, never into the byte stream. */
int _write(int file, const char *data, int size) {
    (void)file;
    char line[64];
    for (int i = 0; i < size;) {
        size_t count = 0;
        while (i < size && count < sizeof line - 1) {
            line[count++] = data[i++];
        }
        line[count] = '\0';
        machine_log(line);
    }
    return size;
}

int _read(int file, char *buffer, int size) {
    (void)file, (void)buffer, (void)size;
    return 0;
}

int _close(int file) {
    (void)file;
    return -1;
}

int _fstat(int file, struct stat *status) {
    (void)file;
    status->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int file) {
    (void)file;
    return 1;
}

int _lseek(int file, int offset, int whence) {
    (void)file, (void)offset, (void)whence;
    return 0;
}

int _getpid(void) {
    return 1;
}

int _kill(int pid, int signal) {
    (void)pid;
    machine_fault(signal == 6 ? "abort() was called" : "raise() was called");
}
