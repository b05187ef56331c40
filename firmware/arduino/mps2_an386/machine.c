/* The byte stream, the clock and the end, on QEMU's mps2-an386. */
#include "machine.h"

#include "registers.h"
#include "semihosting.h"

enum {
    COMMAND_LINE_BYTES = 256,
    TIMER_ENABLE = 1,
    TIMER_PER_US = 25,
    UART_TX_FULL = 1,
    UART_RX_FULL = 2,
    UART_TX_ENABLE = 1,
    UART_RX_ENABLE = 2,
    UART_FASTEST = 16,
    NO_HANDLE = -1
};

static int from_host = NO_HANDLE; /* NO_HANDLE: the stream is the UART */
static int to_host = NO_HANDLE;
static uint8_t early; /* the byte that came before the UART's first read; 0: none */

/* A word of the command line: where it begins, and its length. */
struct word {
    const char *text;
    size_t size;
};

/* Ends the word that begins here, and moves on to what follows it. Without string.h, whose functions are large. */
static struct word take_word(char **line) {
    struct word word = {*line, 0};
    while (word.text[word.size] != ' ' && word.text[word.size] != '\0') {
        ++word.size;
    }
    *line += word.size;
    if (**line != '\0') {
        *(*line)++ = '\0';
    }
    return word;
}

/* Takes "fifo NAME NAME"; 0 if the command line is anything else. */
static int fifo_names(char *line, struct word *in, struct word *out) {
    static const char expected[] = "fifo";
    const struct word first = take_word(&line);
    for (size_t i = 0; i < sizeof expected; ++i) {
        if (first.text[i] != expected[i]) {
            return 0;
        }
    }
    *in = take_word(&line);
    *out = take_word(&line);
    return out->size > 0;
}

static void open_fifos(const struct word *in, const struct word *out) {
    from_host = semihosting_open(in->text, in->size, SEMIHOSTING_READ);
    to_host = semihosting_open(out->text, out->size, SEMIHOSTING_WRITE);
    if (from_host == NO_HANDLE || to_host == NO_HANDLE) {
        from_host = to_host = NO_HANDLE;
        machine_fault("cannot open the FIFOs");
    }
}

void machine_start(void) {
    char line[COMMAND_LINE_BYTES];
    struct word in, out;
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = TIMER_ENABLE;
    UART_BAUDDIV = UART_FASTEST;
    UART_CTRL = UART_TX_ENABLE | UART_RX_ENABLE;
    /* QEMU looks for input only after a read: without this one, bytes already sent would wait. The first of them may
     * have come by now, and the register holds 0 until then. */
    early = (uint8_t)UART_DATA;
    semihosting_command_line(line, sizeof line);
    if (fifo_names(line, &in, &out)) {
        open_fifos(&in, &out);
    }
}

static size_t uart_read(uint8_t *buffer, size_t size) {
    size_t count = 0;
    if (early != 0) {
        buffer[count++] = early;
        early = 0;
    }
    while (count < size && (UART_STATE & UART_RX_FULL) != 0) {
        buffer[count++] = (uint8_t)UART_DATA;
    }
    return count;
}

static void uart_write(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < size; ++i) {
        while ((UART_STATE & UART_TX_FULL) != 0) {
        }
        UART_DATA = data[i];
    }
}

static size_t fifo_read(uint8_t *buffer, size_t size) {
    size_t left = semihosting_read(from_host, buffer, size);
    if (left >= size) {
        machine_exit(0); /* the host closed the stream */
    }
    return size - left;
}

static void fifo_write(const uint8_t *data, size_t size) {
    while (size > 0) {
        size_t left = semihosting_write(to_host, data, size);
        if (left >= size) {
            machine_exit(0); /* the host no longer reads */
        }
        data += size - left;
        size = left;
    }
}

size_t machine_read(uint8_t *buffer, size_t size, int wait) {
    if (size == 0) {
        return 0;
    }
    if (from_host == NO_HANDLE) {
        return uart_read(buffer, size);
    }
    return wait ? fifo_read(buffer, size) : 0;
}

void machine_write(const uint8_t *data, size_t size) {
    if (to_host == NO_HANDLE) {
        uart_write(data, size);
    } else {
        fifo_write(data, size);
    }
}

/* The 32-bit timer wraps every 171 s: called at least that often, this never loses count. What is no whole microsecond
 * stays for the next call. */
uint64_t machine_micros(void) {
    static uint32_t counted; /* the timer's value up to which microseconds are in `elapsed` */
    static uint64_t elapsed;
    const uint32_t passed = (UINT32_MAX - TIMER_VALUE - counted) / TIMER_PER_US;
    counted += passed * TIMER_PER_US;
    elapsed += passed;
    return elapsed;
}

void machine_log(const char *text) {
    semihosting_print(text);
}

void machine_exit(int status) {
    semihosting_exit(status);
    for (;;) {
    }
}
