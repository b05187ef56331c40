/* The device's end of the protocol: sessions, sequence numbers, and the last reply kept for a repeated request.
 *
 * Knows nothing of networks: a handler answers the requests (firmware/app/requests.c). The server never waits: it takes
 * what bytes are there and returns. Buffers are part of struct link_server, about 2 * LINK_MAX_FRAME bytes.
 */
#ifndef BOARDPROOF_LINK_SERVER_H
#define BOARDPROOF_LINK_SERVER_H

#include "link_frame.h"
#include "link_protocol.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most bytes handed to the stream at once. One less than a full-speed USB packet: the Nano 33 BLE drops larger
 * bursts, and a packet of exactly 64 bytes is held back by the host until the next one. */
#ifndef LINK_WRITE_BYTES
#define LINK_WRITE_BYTES 63
#endif

/* The longest log line; the rest is cut off. */
enum { LINK_MAX_LOG = 120 };

/* Collects a reply. Putting more than fits sets overflow and changes nothing else. */
struct link_writer {
    uint8_t *data;
    size_t capacity;
    size_t length;
    bool overflow;
    bool refused; /* link_refuse made it an error */
};

void link_put_u8(struct link_writer *writer, uint8_t value);
void link_put_u16(struct link_writer *writer, uint16_t value);
void link_put_u32(struct link_writer *writer, uint32_t value);
void link_put_float(struct link_writer *writer, float value);
void link_put_bytes(struct link_writer *writer, const void *data, size_t bytes);
/* A length byte and the text, cut off at 255 bytes or at what is left. NULL is the empty text. */
void link_put_text(struct link_writer *writer, const char *text);
/* What can still be put. */
size_t link_room(const struct link_writer *writer);

/* Makes the reply an error: discards what was put, puts a, b and the text. Returns status, for `return link_refuse(…)`.
 */
int link_refuse(struct link_writer *reply, int status, uint32_t a, uint32_t b, const char *text);

/* The handler's result when the request gets no reply. Any other result is a link_status. One that says all there is to
 * say needs no link_refuse: a negative result alone makes the reply an error with a and b 0 and no text. */
enum { LINK_NO_REPLY = 1 };

struct link_config {
    void *context; /* passed to the functions below */

    /* Puts up to `bytes` received bytes into data and returns how many, 0 when there are none. Does not wait for more.
     */
    size_t (*read)(void *context, uint8_t *data, size_t bytes);

    /* Sends the bytes, waiting a bounded time for room. Returns how many were taken; fewer than asked means that nobody
     * listens, and the rest of the frame is dropped: the host will ask again. */
    size_t (*write)(void *context, const uint8_t *data, size_t bytes);

    /* Answers a request. For LINK_HELLO the payload is empty, and the reply follows the server's own fields. */
    int (*handle)(void *context, uint8_t type, const uint8_t *payload, size_t payload_bytes, struct link_writer *reply);
};

struct link_server {
    const struct link_config *config;
    struct link_decoder decoder;
    uint8_t received[LINK_MAX_FRAME];
    uint8_t reply[LINK_MAX_FRAME]; /* the last reply, sealed, kept for a repeated request */
    size_t reply_bytes;            /* 0 when the last request got no reply */
    uint16_t session;              /* 0 when there is none */
    uint16_t sequence;             /* of the last request executed; the hello is number 0 */
    uint16_t log_sequence;
    bool gap_reported; /* the NAK for the gap after `sequence` is out */
};

/* config must outlive the server. */
void link_server_init(struct link_server *server, const struct link_config *config);

/* Handles what bytes have come. Call it from loop(). */
void link_poll(struct link_server *server);

/* Sends one line of text on the log or the fault channel. May be called at any time, from a request's handler too, but
 * not in the middle of a write. */
void link_say(struct link_server *server, enum link_channel channel, const char *text);

#ifdef __cplusplus
}
#endif

#endif
