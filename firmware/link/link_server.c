#include "link_server.h"

#include <string.h>

/* --- Replies -------------------------------------------------------------------------------------------------------
 */

size_t link_room(const struct link_writer *writer) {
    return writer->capacity - writer->length;
}

void link_put_bytes(struct link_writer *writer, const void *data, size_t bytes) {
    if (bytes > link_room(writer)) {
        writer->overflow = true;
        return;
    }
    if (bytes > 0) {
        memcpy(writer->data + writer->length, data, bytes);
        writer->length += bytes;
    }
}

void link_put_u8(struct link_writer *writer, uint8_t value) {
    link_put_bytes(writer, &value, sizeof value);
}

void link_put_u16(struct link_writer *writer, uint16_t value) {
    uint8_t bytes[2];

    link_set_u16(bytes, value);
    link_put_bytes(writer, bytes, sizeof bytes);
}

void link_put_u32(struct link_writer *writer, uint32_t value) {
    uint8_t bytes[4];

    link_set_u32(bytes, value);
    link_put_bytes(writer, bytes, sizeof bytes);
}

void link_put_float(struct link_writer *writer, float value) {
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    link_put_u32(writer, bits);
}

/* The text's length, at most `limit`. strlen would be the only use of string.h beyond memcpy, and is not small. */
static size_t length_of(const char *text, size_t limit) {
    size_t bytes = 0;

    while (bytes < limit && text[bytes] != '\0') {
        bytes++;
    }
    return bytes;
}

void link_put_text(struct link_writer *writer, const char *text) {
    size_t limit = text == NULL ? 0 : UINT8_MAX;

    if (link_room(writer) > 0 && limit > link_room(writer) - 1) {
        limit = link_room(writer) - 1;
    }
    const size_t bytes = length_of(text, limit);
    link_put_u8(writer, (uint8_t)bytes);
    link_put_bytes(writer, text, bytes);
}

enum { STATUS_BYTES = 2, READ_BYTES = 64 };

int link_refuse(struct link_writer *reply, int status, uint32_t a, uint32_t b, const char *text) {
    reply->length = STATUS_BYTES;
    reply->overflow = false;
    reply->refused = true;
    link_put_u32(reply, a);
    link_put_u32(reply, b);
    link_put_text(reply, text);
    return status;
}

/* --- Sending -------------------------------------------------------------------------------------------------------
 */

static void send_sealed(struct link_server *server, const uint8_t *data, size_t bytes) {
    struct link_encoder encoder;
    uint8_t chunk[LINK_WRITE_BYTES];
    size_t used;

    link_encoder_init(&encoder, data, bytes);
    while ((used = link_encoder_next(&encoder, chunk, sizeof chunk)) > 0) {
        if (server->config->write(server->config->context, chunk, used) < used) {
            return;
        }
    }
}

void link_say(struct link_server *server, enum link_channel channel, const char *text) {
    uint8_t data[LINK_MAX_LOG + LINK_OVERHEAD_BYTES];
    struct link_frame frame = {.channel = (uint8_t)channel, .session = server->session};

    frame.payload_bytes = length_of(text, LINK_MAX_LOG);
    frame.sequence = server->log_sequence++;
    memcpy(data + LINK_HEADER_BYTES, text, frame.payload_bytes);
    send_sealed(server, data, link_frame_seal(&frame, data));
}

static void send_nak(struct link_server *server, enum link_nak_reason reason, uint16_t session, uint16_t sequence) {
    enum { NAK_BYTES = 3 };
    uint8_t data[NAK_BYTES + LINK_OVERHEAD_BYTES];
    const struct link_frame frame = {
        .channel = LINK_NAK, .session = session, .sequence = sequence, .payload_bytes = NAK_BYTES};

    data[LINK_HEADER_BYTES] = (uint8_t)reason;
    link_set_u16(data + LINK_HEADER_BYTES + 1, (uint16_t)(server->sequence + 1));
    send_sealed(server, data, link_frame_seal(&frame, data));
}

/* --- Executing -----------------------------------------------------------------------------------------------------
 */

static int handle_hello(struct link_server *server, const struct link_frame *request, struct link_writer *reply) {
    if (request->payload_bytes < 2) {
        return LINK_STATUS_LENGTH;
    }
    const uint8_t lowest = request->payload[0];
    const uint8_t highest = request->payload[1];
    if (lowest > LINK_VERSION_MAX || highest < LINK_VERSION_MIN || lowest > highest) {
        return link_refuse(reply, LINK_STATUS_VERSION, LINK_VERSION_MIN, LINK_VERSION_MAX, "");
    }
    link_put_u8(reply, highest < LINK_VERSION_MAX ? highest : LINK_VERSION_MAX);
    link_put_u16(reply, LINK_MAX_PAYLOAD);
    link_put_u16(reply, LINK_WINDOW);
    return server->config->handle(server->config->context, LINK_HELLO, NULL, 0, reply);
}

/* Runs the request, seals its reply into server->reply and sends it. */
static void execute(struct link_server *server, const struct link_frame *request) {
    struct link_writer reply = {
        .data = server->reply + LINK_HEADER_BYTES, .capacity = LINK_MAX_PAYLOAD, .length = STATUS_BYTES};
    int status;

    server->sequence = request->sequence;
    server->gap_reported = false;
    if (request->type == LINK_HELLO) {
        status = handle_hello(server, request, &reply);
    } else {
        status = server->config->handle(server->config->context, request->type, request->payload,
                                        request->payload_bytes, &reply);
    }
    if (status == LINK_NO_REPLY) {
        server->reply_bytes = 0;
        return;
    }
    if (reply.overflow) {
        status = LINK_STATUS_LENGTH;
    }
    if (status < 0 && !reply.refused) {
        link_refuse(&reply, status, 0, 0, "");
    }
    link_set_u16(reply.data, (uint16_t)(int16_t)status);

    const struct link_frame frame = {.channel = LINK_REPLY,
                                     .type = request->type,
                                     .session = request->session,
                                     .sequence = request->sequence,
                                     .payload_bytes = reply.length};
    server->reply_bytes = link_frame_seal(&frame, server->reply);
    send_sealed(server, server->reply, server->reply_bytes);
}

static void repeat_reply(struct link_server *server) {
    if (server->reply_bytes > 0) {
        send_sealed(server, server->reply, server->reply_bytes);
    }
}

/* A new session tag starts a session. The same one again is the host repeating its hello (its reply was lost), or a
 * late copy, which must not set the sequence back. */
static void take_hello(struct link_server *server, const struct link_frame *request) {
    if (request->session == 0 || request->sequence != 0) {
        send_nak(server, LINK_NAK_SESSION, request->session, request->sequence);
    } else if (request->session != server->session) {
        server->session = request->session;
        execute(server, request);
    } else if (server->sequence == 0) {
        repeat_reply(server);
    }
}

/* Requests run once each, in order. A late copy of an older one is ignored: it must not touch tensors again. */
static void take_request(struct link_server *server, const struct link_frame *request) {
    const int16_t ahead = (int16_t)(uint16_t)(request->sequence - server->sequence);

    if (request->session != server->session || server->session == 0) {
        send_nak(server, LINK_NAK_SESSION, request->session, request->sequence);
    } else if (ahead == 1) {
        execute(server, request);
    } else if (ahead == 0) {
        repeat_reply(server);
    } else if (ahead > 1 && (request->type != LINK_INPUT || !server->gap_reported)) {
        server->gap_reported = true; /* one NAK a gap, not one for each INPUT frame behind it */
        send_nak(server, LINK_NAK_SEQUENCE, request->session, request->sequence);
    }
}

void link_server_init(struct link_server *server, const struct link_config *config) {
    server->config = config;
    link_decoder_init(&server->decoder, server->received, sizeof server->received);
    server->reply_bytes = 0;
    server->session = 0;
    server->sequence = 0;
    server->log_sequence = 0;
    server->gap_reported = false;
}

static void take_frame(struct link_server *server, const struct link_frame *frame) {
    if (frame->channel != LINK_REQUEST) {
        return; /* another device's, or our own come back */
    }
    if (frame->type == LINK_HELLO) {
        take_hello(server, frame);
    } else {
        take_request(server, frame);
    }
}

void link_poll(struct link_server *server) {
    uint8_t bytes[READ_BYTES];
    struct link_frame frame;
    const size_t count = server->config->read(server->config->context, bytes, sizeof bytes);
    size_t used;

    for (size_t position = 0; position < count; position += used) {
        const int result = link_decoder_feed(&server->decoder, bytes + position, count - position, &used, &frame);
        if (result < 0) {
            send_nak(server, LINK_NAK_DAMAGED, server->session, server->sequence);
        } else if (result > 0) {
            take_frame(server, &frame);
        }
    }
}
