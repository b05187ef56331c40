/* libFuzzer target: whatever bytes arrive, the device's link and request loop stay within their memory and return.
 *
 * The first byte chooses: even, the rest is the stream as it is; odd, it is a sequence of (length u16, type, sequence
 * step, payload) that are sealed into valid frames, so that the handlers are reached too.
 */
#include <string.h>

#include "board.h"
#include "requests.h"

const uint8_t board_tick_unit = BOARD_CYCLES;
const uint32_t board_tick_rate = 64000000;

static struct link_server server;
static const uint8_t *incoming;
static size_t incoming_bytes;

const char *fake_mode(void) {
    return "";
}

void fake_log(const char *text) {
    link_say(&server, LINK_LOG, text);
}

void fake_crash(void) {}

void fake_hang(void) {}

uint32_t board_ticks(void) {
    static uint32_t ticks;

    return ticks += 1000;
}

uint32_t board_stack_peak(void) {
    return 0;
}

uint32_t board_stack_size(void) {
    return 0;
}

void board_stack_repaint(void) {}

const char *board_fault(void) {
    return "";
}

static size_t read_incoming(void *context, uint8_t *data, size_t bytes) {
    const size_t count = bytes < incoming_bytes ? bytes : incoming_bytes;

    (void)context;
    memcpy(data, incoming, count);
    incoming += count;
    incoming_bytes -= count;
    return count;
}

/* What the device sends must itself be frames it could read: no zero but the delimiters. */
static size_t check_outgoing(void *context, const uint8_t *data, size_t bytes) {
    static volatile uint8_t sink;

    (void)context;
    if (bytes == 0 || bytes > LINK_WRITE_BYTES) {
        __builtin_trap();
    }
    for (size_t i = 0; i < bytes; i++) {
        sink ^= data[i];
    }
    return sink == 0x42 ? bytes / 2 : bytes; /* now and then nobody listens */
}

static void deliver(const uint8_t *data, size_t bytes) {
    incoming = data;
    incoming_bytes = bytes;
    while (incoming_bytes > 0) {
        link_poll(&server);
    }
}

static void deliver_frame(uint8_t type, uint16_t sequence, const uint8_t *payload, size_t bytes) {
    static uint8_t sealed[LINK_MAX_FRAME];
    static uint8_t wire[LINK_MAX_FRAME + LINK_MAX_FRAME / 254 + 3];
    const struct link_frame frame = {
        .channel = LINK_REQUEST, .type = type, .session = 7, .sequence = sequence, .payload_bytes = bytes};
    struct link_encoder encoder;

    memcpy(sealed + LINK_HEADER_BYTES, payload, bytes);
    link_encoder_init(&encoder, sealed, link_frame_seal(&frame, sealed));
    deliver(wire, link_encoder_next(&encoder, wire, sizeof wire));
}

enum { HEADER_BYTES = 4 };

static void deliver_frames(const uint8_t *data, size_t bytes) {
    static const uint8_t versions[] = {LINK_VERSION_MIN, LINK_VERSION_MAX};
    uint16_t sequence = 0;

    deliver_frame(LINK_HELLO, 0, versions, sizeof versions);
    deliver_frame(LINK_PREPARE, ++sequence, versions, 0);
    while (bytes >= HEADER_BYTES) {
        size_t payload_bytes = link_get_u16(data);
        if (payload_bytes > bytes - HEADER_BYTES) {
            payload_bytes = bytes - HEADER_BYTES;
        }
        if (payload_bytes > LINK_MAX_PAYLOAD) {
            payload_bytes = LINK_MAX_PAYLOAD;
        }
        sequence = (uint16_t)(sequence + (data[3] < 200 ? 1 : data[3] - 202));
        deliver_frame(data[2] % 16, sequence, data + HEADER_BYTES, payload_bytes);
        data += HEADER_BYTES + payload_bytes;
        bytes -= HEADER_BYTES + payload_bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static const struct link_config config = {.read = read_incoming, .write = check_outgoing, .handle = app_handle};

    link_server_init(&server, &config);
    if (bytes > 0 && data[0] % 2 == 0) {
        deliver(data + 1, bytes - 1);
    } else if (bytes > 0) {
        deliver_frames(data + 1, bytes - 1);
    }
    return 0;
}
