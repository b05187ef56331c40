/* The link and the request loop over stdin and stdout, with fake_model.c and a board made of constants.
 *
 * FAKE_MODE in the environment makes it misbehave: arena, invoke, crash, hang, chatty, exit, fault, noise.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "requests.h"

const uint8_t board_tick_unit = BOARD_INSTRUCTIONS;
const uint32_t board_tick_rate = 0;

static uint32_t ticks;
static struct link_server server;

const char *fake_mode(void) {
    const char *mode = getenv("FAKE_MODE");

    return mode == NULL ? "" : mode;
}

void fake_log(const char *text) {
    link_say(&server, LINK_LOG, text);
}

void fake_crash(void) {
    static const char words[] = "some context\nboardproof: fault: deliberate\n";

    (void)!write(STDERR_FILENO, words, sizeof words - 1);
    _exit(1);
}

void fake_hang(void) {
    for (;;) {
        sleep(1);
    }
}

void board_init(void) {}

uint32_t board_ticks(void) {
    return ticks += 700;
}

uint32_t board_stack_peak(void) {
    return 1234;
}

uint32_t board_stack_size(void) {
    return 8192;
}

void board_stack_repaint(void) {}

const char *board_fault(void) {
    return strcmp(fake_mode(), "fault") == 0 ? "hard fault at 0x00012345" : "";
}

static size_t read_stdin(void *context, uint8_t *data, size_t bytes) {
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};

    (void)context;
    if (poll(&ready, 1, 1000) <= 0) {
        return 0;
    }
    const ssize_t count = read(STDIN_FILENO, data, bytes);
    if (count == 0) {
        exit(0); /* the host has gone */
    }
    return count < 0 ? 0 : (size_t)count;
}

static size_t write_stdout(void *context, const uint8_t *data, size_t bytes) {
    size_t sent = 0;

    (void)context;
    while (sent < bytes) {
        const ssize_t count = write(STDOUT_FILENO, data + sent, bytes - sent);
        if (count < 0 && errno != EINTR) {
            exit(0);
        }
        sent += count > 0 ? (size_t)count : 0;
    }
    return sent;
}

int main(void) {
    static const struct link_config config = {.read = read_stdin, .write = write_stdout, .handle = app_handle};
    static const char noise[] = "boot v1.0\r\n\x01\x02\xff\xfe ready\r\n";

    if (strcmp(fake_mode(), "exit") == 0) {
        static const char words[] = "no such device\n";
        (void)!write(STDERR_FILENO, words, sizeof words - 1);
        return 3;
    }
    board_init();
    link_server_init(&server, &config);
    if (strcmp(fake_mode(), "noise") == 0) {
        write_stdout(NULL, (const uint8_t *)noise, sizeof noise - 1);
    }
    for (;;) {
        link_poll(&server);
    }
}
