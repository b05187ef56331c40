/* The byte stream, the clock and the end, for a process of the host: stdin, stdout, stderr. */
#include "machine.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 10, SIGNAL_STACK_BYTES = 64 * 1024 };

static struct timespec started;

static const char *signal_name(int number) {
    switch (number) {
    case SIGSEGV:
        return "invalid memory access (SIGSEGV)";
    case SIGBUS:
        return "invalid memory access (SIGBUS)";
    case SIGFPE:
        return "arithmetic error, such as a division by zero (SIGFPE)";
    case SIGILL:
        return "illegal instruction (SIGILL)";
    default:
        return "abort() was called (SIGABRT)";
    }
}

static void on_signal(int number) {
    machine_fault(signal_name(number));
}

/* On a stack of its own: a stack overflow is a SIGSEGV, and must be told too. */
static void catch_faults(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    static unsigned char stack[SIGNAL_STACK_BYTES];
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)(SA_ONSTACK | SA_RESETHAND);
    (void)sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; ++i) {
        (void)sigaction(signals[i], &action, NULL);
    }
}

void machine_start(void) {
    (void)clock_gettime(CLOCK_MONOTONIC, &started);
    (void)signal(SIGPIPE, SIG_IGN);
    catch_faults();
}

size_t machine_read(uint8_t *buffer, size_t size, int wait) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (size == 0 || poll(&input, 1, wait ? WAIT_MS : 0) <= 0) {
        return 0;
    }
    ssize_t count = read(STDIN_FILENO, buffer, size);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
        return 0;
    }
    if (count <= 0) {
        machine_exit(0); /* the host closed the stream */
    }
    return (size_t)count;
}

void machine_write(const uint8_t *data, size_t size) {
    while (size > 0) {
        ssize_t count = write(STDOUT_FILENO, data, size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            machine_exit(0); /* the host no longer reads */
        }
        data += count;
        size -= (size_t)count;
    }
}

uint64_t machine_micros(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t seconds = (int64_t)now.tv_sec - (int64_t)started.tv_sec;
    int64_t nanoseconds = (int64_t)now.tv_nsec - (int64_t)started.tv_nsec;
    return (uint64_t)(seconds * 1000000 + nanoseconds / 1000);
}

void machine_log(const char *text) {
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t count = write(STDERR_FILENO, text, size);
        if (count <= 0) {
            return;
        }
        text += count;
        size -= (size_t)count;
    }
}

void machine_exit(int status) {
    _exit(status);
}
