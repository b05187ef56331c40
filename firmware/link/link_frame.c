#include "link_frame.h"

#include <string.h>

enum { COBS_MAX_RUN = 254 };

uint16_t link_get_u16(const uint8_t *data) {
    return (uint16_t)(data[0] | (data[1] << 8));
}

uint32_t link_get_u32(const uint8_t *data) {
    return (uint32_t)data[0] | ((uint32_t)data[1] << 8) | ((uint32_t)data[2] << 16) | ((uint32_t)data[3] << 24);
}

void link_set_u16(uint8_t *data, uint16_t value) {
    data[0] = (uint8_t)value;
    data[1] = (uint8_t)(value >> 8);
}

void link_set_u32(uint8_t *data, uint32_t value) {
    link_set_u16(data, (uint16_t)value);
    link_set_u16(data + 2, (uint16_t)(value >> 16));
}

enum { WORD_BYTES = 4 };

/* Shifts four bits out of crc. Sixteen table entries instead of 256 keep a kilobyte of flash free. */
static inline uint32_t shift_nibble(uint32_t crc) {
    static const uint32_t table[16] = {
        0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,
        0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu, 0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu,
    };

    return (crc >> 4) ^ table[crc & 15u];
}

static inline uint32_t shift_byte(uint32_t crc) {
    return shift_nibble(shift_nibble(crc));
}

/* A word at a time and without a loop over its nibbles: every byte received passes here twice. */
uint32_t link_crc32(uint32_t crc, const uint8_t *data, size_t bytes) {
    crc = ~crc;
    for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES, data += WORD_BYTES) {
        crc = shift_byte(shift_byte(shift_byte(shift_byte(crc ^ link_get_u32(data)))));
    }
    for (; bytes > 0; bytes--, data++) {
        crc = shift_byte(crc ^ *data);
    }
    return ~crc;
}

static void start_frame(struct link_decoder *decoder) {
    decoder->length = 0;
    decoder->remaining = 0;
    decoder->zero_follows = false;
    decoder->started = false;
    decoder->overflow = false;
}

void link_decoder_init(struct link_decoder *decoder, uint8_t *buffer, size_t capacity) {
    decoder->buffer = buffer;
    decoder->capacity = capacity;
    start_frame(decoder);
}

static void store(struct link_decoder *decoder, uint8_t byte) {
    if (decoder->length < decoder->capacity) {
        decoder->buffer[decoder->length++] = byte;
    } else {
        decoder->overflow = true;
    }
}

static int open_frame(const uint8_t *data, size_t bytes, struct link_frame *frame) {
    if (bytes < LINK_OVERHEAD_BYTES) {
        return LINK_ERROR_LENGTH;
    }
    const size_t covered = bytes - LINK_CRC_BYTES;
    if (link_crc32(0, data, covered) != link_get_u32(data + covered)) {
        return LINK_ERROR_CRC;
    }
    frame->channel = data[0];
    frame->type = data[1];
    frame->session = link_get_u16(data + 2);
    frame->sequence = link_get_u16(data + 4);
    frame->payload = data + LINK_HEADER_BYTES;
    frame->payload_bytes = covered - LINK_HEADER_BYTES;
    return 1;
}

static int end_frame(struct link_decoder *decoder, struct link_frame *frame) {
    int result = 0; /* delimiters in a row: nothing between them */

    if (decoder->overflow) {
        result = LINK_ERROR_LENGTH;
    } else if (decoder->remaining > 0) {
        result = LINK_ERROR_COBS;
    } else if (decoder->started) {
        result = open_frame(decoder->buffer, decoder->length, frame);
    }
    start_frame(decoder);
    return result;
}

/* The first byte of a block says how long it is. */
static void start_run(struct link_decoder *decoder, uint8_t code) {
    if (decoder->zero_follows) {
        store(decoder, 0);
    }
    decoder->remaining = (uint8_t)(code - 1);
    decoder->zero_follows = code <= COBS_MAX_RUN;
    decoder->started = true;
}

/* Takes bytes of the current block, up to its end or the next zero. Returns how many. */
static size_t take_run(struct link_decoder *decoder, const uint8_t *data, size_t bytes) {
    const size_t room = decoder->capacity - decoder->length;
    const size_t run = bytes < decoder->remaining ? bytes : decoder->remaining;
    const size_t limit = run < room ? run : room;
    uint8_t *out = decoder->buffer + decoder->length;
    size_t taken = 0;

    while (taken < limit && data[taken] != 0) {
        out[taken] = data[taken];
        taken++;
    }
    decoder->length += taken;
    if (taken == room && taken < run && data[taken] != 0) {
        decoder->overflow = true;
        taken++;
    }
    decoder->remaining = (uint8_t)(decoder->remaining - taken);
    return taken;
}

int link_decoder_feed(struct link_decoder *decoder, const uint8_t *data, size_t bytes, size_t *used,
                      struct link_frame *frame) {
    size_t position = 0;
    int result = 0;

    while (position < bytes && result == 0) {
        if (data[position] == 0) {
            position++;
            result = end_frame(decoder, frame);
        } else if (decoder->remaining > 0) {
            position += take_run(decoder, data + position, bytes - position);
        } else {
            start_run(decoder, data[position]);
            position++;
        }
    }
    *used = position;
    return result;
}

size_t link_frame_seal(const struct link_frame *frame, uint8_t *data) {
    const size_t covered = LINK_HEADER_BYTES + frame->payload_bytes;

    data[0] = frame->channel;
    data[1] = frame->type;
    link_set_u16(data + 2, frame->session);
    link_set_u16(data + 4, frame->sequence);
    link_set_u32(data + covered, link_crc32(0, data, covered));
    return covered + LINK_CRC_BYTES;
}

enum { NEXT_START, NEXT_CODE, NEXT_RUN, NEXT_END, NEXT_NOTHING };

void link_encoder_init(struct link_encoder *encoder, const uint8_t *data, size_t bytes) {
    encoder->data = data;
    encoder->bytes = bytes;
    encoder->position = 0;
    encoder->run = 0;
    encoder->full = false;
    encoder->state = NEXT_START;
}

/* The code byte of the block that starts at the position: one more than the non-zero bytes it holds. */
static uint8_t start_block(struct link_encoder *encoder) {
    const size_t left = encoder->bytes - encoder->position;
    const size_t limit = left < COBS_MAX_RUN ? left : COBS_MAX_RUN;
    size_t run = 0;

    while (run < limit && encoder->data[encoder->position + run] != 0) {
        run++;
    }
    encoder->run = (uint8_t)run;
    encoder->full = run == COBS_MAX_RUN;
    encoder->state = NEXT_RUN;
    return (uint8_t)(run + 1);
}

/* What follows a block: another one, or the frame's end. A zero at the block's end is implied by its code. */
static void end_block(struct link_encoder *encoder) {
    encoder->state = encoder->position == encoder->bytes ? NEXT_END : NEXT_CODE;
    if (!encoder->full && encoder->state == NEXT_CODE) {
        encoder->position++;
    }
}

static size_t copy_run(struct link_encoder *encoder, uint8_t *out, size_t capacity) {
    const size_t bytes = encoder->run < capacity ? encoder->run : capacity;

    memcpy(out, encoder->data + encoder->position, bytes);
    encoder->position += bytes;
    encoder->run = (uint8_t)(encoder->run - bytes);
    if (encoder->run == 0) {
        end_block(encoder);
    }
    return bytes;
}

size_t link_encoder_next(struct link_encoder *encoder, uint8_t *out, size_t capacity) {
    size_t used = 0;

    while (used < capacity && encoder->state != NEXT_NOTHING) {
        switch (encoder->state) {
        case NEXT_START:
            out[used++] = 0;
            encoder->state = NEXT_CODE;
            break;
        case NEXT_CODE:
            out[used++] = start_block(encoder);
            break;
        case NEXT_RUN:
            used += copy_run(encoder, out + used, capacity - used);
            break;
        default:
            out[used++] = 0;
            encoder->state = NEXT_NOTHING;
            break;
        }
    }
    return used;
}
