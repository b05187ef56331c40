#include "app_requests.h"

#include "app_loop.h"
#include "requests.h"
#include "tensor_requests.h"

/* Fixed fields of the requests. */
enum {
    CONTROL_BYTES = 1, /* flags u8 */
    PUSH_BYTES = 9,    /* position u32, flags u8, offset u32; samples follow */
    DRAIN_BYTES = 2    /* samples u16 */
};

static int about(struct link_writer *reply) {
    link_put_bytes(reply, app_config.digest, sizeof app_config.digest);
    link_put_u32(reply, app_config.rate);
    link_put_u32(reply, app_config.sample_bytes);
    link_put_u32(reply, app_config.capacity);
    link_put_text(reply, app_config.name);
    link_put_text(reply, app_config.version);
    link_put_text(reply, app_config.sensor);
    return LINK_OK;
}

/* Everything from the beginning, and who takes the steps and plays the sensor from now on. */
static int control(const uint8_t *payload, struct link_writer *reply) {
    app_listen(0);
    const int error = app_reset();

    app_lend((payload[0] & LINK_APP_DRIVEN) != 0, (payload[0] & LINK_APP_SENSED) != 0);
    return error == 0 ? LINK_OK : app_refuse_model(reply, error);
}

static int push(const uint8_t *payload, size_t payload_bytes, struct link_writer *reply) {
    const uint32_t position = link_get_u32(payload);
    const int lossy = (payload[4] & LINK_APP_LOSSY) != 0;
    const uint32_t offset = link_get_u32(payload + 5);
    const uint8_t *samples = payload + PUSH_BYTES;
    const uint32_t bytes = (uint32_t)(payload_bytes - PUSH_BYTES);
    uint32_t taken;

    if (offset != 0 || bytes < app_config.sample_bytes) {
        taken = (uint32_t)app_push_part(position, offset, samples, bytes);
    } else if (bytes % app_config.sample_bytes != 0) {
        return LINK_STATUS_LENGTH;
    } else {
        taken = app_push(position, samples, bytes / app_config.sample_bytes, lossy);
    }
    struct app_status status;
    app_get_status(&status);
    link_put_u32(reply, taken);
    link_put_u32(reply, status.waiting);
    return LINK_OK;
}

static void put_if_room(struct link_writer *reply, const void *data, uint32_t bytes) {
    const bool fits = data != NULL && bytes + 2 * sizeof(uint16_t) <= link_room(reply);

    link_put_u16(reply, fits ? (uint16_t)bytes : 0);
    if (fits) {
        link_put_bytes(reply, data, bytes);
    }
}

/* One hop, and all that came of it. What does not fit is left out; the checksums are there in any case. */
static int step(struct link_writer *reply) {
    struct app_result result;
    const int error = app_step(&result);

    if (error != 0) {
        return app_refuse_model(reply, error);
    }
    const bool hop = (result.flags & APP_HOP) != 0;
    link_put_u8(reply, result.flags);
    link_put_u16(reply, result.label);
    link_put_u32(reply, result.position);
    link_put_u32(reply, (uint32_t)result.sum);
    link_put_u32(reply, result.front_end_ticks);
    link_put_u32(reply, result.network_ticks);
    link_put_u32(reply, hop ? link_crc32(0, result.features, app_config.row_bytes) : 0);
    link_put_u32(reply, result.scores == NULL ? 0 : link_crc32(0, result.scores, result.score_bytes));
    put_if_room(reply, result.scores, result.score_bytes);
    put_if_room(reply, hop ? result.features : NULL, app_config.row_bytes);
    return LINK_OK;
}

static int drain(const uint8_t *payload, struct link_writer *reply) {
    uint32_t position = 0;
    const uint32_t wanted = link_get_u16(payload);
    uint8_t *place = reply->data + reply->length; /* where the position goes; the samples straight behind it */
    link_put_u32(reply, position);
    const uint32_t most = (uint32_t)(link_room(reply) / app_config.sample_bytes);
    const uint32_t count = app_drain(&position, place + sizeof position, wanted < most ? wanted : most);

    link_set_u32(place, position);
    reply->length += (size_t)count * app_config.sample_bytes;
    return LINK_OK;
}

/* How the stream is, and the notes since the last time. */
static int status_of(struct link_writer *reply) {
    struct app_status status;
    struct app_note note;

    app_get_status(&status);
    link_put_u32(reply, status.next);
    link_put_u32(reply, status.waiting);
    link_put_u32(reply, status.high_water);
    link_put_u32(reply, status.lost_notes);
    while (link_room(reply) >= 9 && app_take_note(&note)) {
        link_put_u8(reply, note.fault);
        link_put_u32(reply, note.position);
        link_put_u32(reply, note.samples);
    }
    return LINK_OK;
}

int app_handle_all(void *context, uint8_t type, const uint8_t *payload, size_t payload_bytes,
                   struct link_writer *reply) {
    const size_t fixed = type == LINK_APP_CONTROL ? CONTROL_BYTES
                         : type == LINK_APP_PUSH  ? PUSH_BYTES
                         : type == LINK_APP_DRAIN ? DRAIN_BYTES
                                                  : 0;

    if (type < LINK_APP_ABOUT || type > LINK_APP_STATUS) {
        return app_handle(context, type, payload, payload_bytes, reply);
    }
    if (payload_bytes < fixed || (payload_bytes > fixed && type != LINK_APP_PUSH)) {
        return LINK_STATUS_LENGTH;
    }
    switch (type) {
    case LINK_APP_ABOUT:
        return about(reply);
    case LINK_APP_CONTROL:
        return control(payload, reply);
    case LINK_APP_PUSH:
        return push(payload, payload_bytes, reply);
    case LINK_APP_STEP:
        return step(reply);
    case LINK_APP_DRAIN:
        return drain(payload, reply);
    default:
        return status_of(reply);
    }
}
