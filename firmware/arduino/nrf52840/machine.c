/* The byte stream, the clock and the end, on an nRF52840 without an operating system or interrupts. */
#include "machine.h"

#include <string.h>

#include "registers.h"

enum {
    /* The Nano 33 BLE's Serial1: TX is P1.03, RX is P1.10. */
    TX_PIN = 3,
    RX_PIN = 10,
    PORT_1 = 1 << 5,
    PIN_OUTPUT = 1 | 1 << 1, /* no input buffer */
    PIN_INPUT = 0,
    UARTE_ENABLED = 8,
    UARTE_8N1 = 0,
    UARTE_115200 = 0x01D60000,
    TIMER_COUNTS_TIME = 0,
    TIMER_32_BITS = 3,
    TIMER_1_MHZ = 4,
    SEND_BYTES = 64
};

static volatile uint8_t received; /* where EasyDMA puts the next byte */

static void start_crystal(void) {
    CLOCK_EVENTS_HFCLKSTARTED = 0;
    CLOCK_TASKS_HFCLKSTART = 1;
    while (CLOCK_EVENTS_HFCLKSTARTED == 0) {
    }
}

static void start_timer(void) {
    TIMER_MODE = TIMER_COUNTS_TIME;
    TIMER_BITMODE = TIMER_32_BITS;
    TIMER_PRESCALER = TIMER_1_MHZ;
    TIMER_TASKS_START = 1;
}

static void start_uarte(void) {
    GPIO1_OUTSET = 1u << TX_PIN; /* idle, before the pin is driven */
    GPIO1_PIN_CNF(TX_PIN) = PIN_OUTPUT;
    GPIO1_PIN_CNF(RX_PIN) = PIN_INPUT;
    UARTE_PSEL_TXD = PORT_1 | TX_PIN;
    UARTE_PSEL_RXD = PORT_1 | RX_PIN;
    UARTE_BAUDRATE = UARTE_115200;
    UARTE_CONFIG = UARTE_8N1;
    UARTE_ENABLE = UARTE_ENABLED;
    UARTE_RXD_PTR = (uint32_t)(uintptr_t)&received;
    UARTE_RXD_MAXCNT = 1;
    UARTE_EVENTS_ENDRX = 0;
    UARTE_TASKS_STARTRX = 1;
}

void machine_start(void) {
    start_crystal();
    start_timer();
    start_uarte();
}

/* The UARTE tells how many bytes have come only once a transfer has ended: a transfer of one byte ends when it is here.
 * What comes until the next transfer starts, the chip's FIFO holds, for a few bytes, and Renode's, which has no limit.
 *
 * The next transfer starts before the event of the last is cleared: while there is no event, Renode puts whatever comes
 * behind the last byte, past the end of the buffer. It looks into its FIFO only when a transfer starts, so that bytes
 * waiting there need a start after the event was cleared. */
size_t machine_read(uint8_t *buffer, size_t size, int wait) {
    (void)wait; /* emulated time goes on while the host thinks */
    size_t count = 0;
    while (count < size && UARTE_EVENTS_ENDRX != 0) {
        buffer[count++] = received;
        UARTE_TASKS_STARTRX = 1;
        UARTE_EVENTS_ENDRX = 0;
        if (UARTE_EVENTS_ENDRX == 0) {
            UARTE_TASKS_STARTRX = 1;
        }
    }
    return count;
}

/* EasyDMA reads RAM only, and the caller's bytes may be in flash. */
void machine_write(const uint8_t *data, size_t size) {
    static uint8_t sending[SEND_BYTES];
    while (size > 0) {
        size_t count = size < sizeof sending ? size : sizeof sending;
        memcpy(sending, data, count);
        UARTE_TXD_PTR = (uint32_t)(uintptr_t)sending;
        UARTE_TXD_MAXCNT = (uint32_t)count;
        UARTE_EVENTS_ENDTX = 0;
        __asm__ volatile("dsb" ::: "memory"); /* the bytes are in RAM before EasyDMA looks */
        UARTE_TASKS_STARTTX = 1;
        while (UARTE_EVENTS_ENDTX == 0) {
        }
        data += count;
        size -= count;
    }
}

/* The timer wraps every 71 minutes: called at least that often, this never loses count. */
uint64_t machine_micros(void) {
    static uint32_t last;
    static uint64_t elapsed;
    TIMER_TASKS_CAPTURE0 = 1;
    uint32_t now = TIMER_CC0;
    elapsed += (uint32_t)(now - last);
    last = now;
    return elapsed;
}

/* There is no console beside the byte stream. */
void machine_log(const char *text) {
    (void)text;
}

/* There is nobody to return to: the core stops, whatever the status, until a reset. */
void machine_exit(int status) {
    (void)status;
    __asm__ volatile("cpsid i");
    for (;;) {
        __asm__ volatile("wfi");
    }
}
