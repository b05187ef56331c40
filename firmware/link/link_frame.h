/* The wire codec: COBS frames with a header and a CRC-32. Pure: no I/O, no heap, buffers owned by the caller.
 *
 * On the wire a frame is 0x00, the COBS encoding of `channel type session sequence payload crc32`, 0x00. Integers are
 * little-endian; the CRC (IEEE 802.3, as zlib's) covers header and payload. docs/protocol.md has the whole protocol.
 */
#ifndef BOARDPROOF_LINK_FRAME_H
#define BOARDPROOF_LINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest payload a device takes or sends; it sizes the two frame buffers. The host learns it from the hello. */
#ifndef LINK_MAX_PAYLOAD
#define LINK_MAX_PAYLOAD 1024
#endif
#if LINK_MAX_PAYLOAD < 512 || LINK_MAX_PAYLOAD > 65535
#error LINK_MAX_PAYLOAD must be 512 (the longest hello fits) to 65535 (its size is sent in 16 bits)
#endif

enum {
    LINK_HEADER_BYTES = 6, /* channel u8, type u8, session u16, sequence u16 */
    LINK_CRC_BYTES = 4,
    LINK_OVERHEAD_BYTES = LINK_HEADER_BYTES + LINK_CRC_BYTES,
    LINK_MAX_FRAME = LINK_MAX_PAYLOAD + LINK_OVERHEAD_BYTES
};

enum link_channel {
    LINK_REQUEST = 0,
    LINK_REPLY = 1,
    LINK_NAK = 2,  /* a request was not executed: damaged, out of sequence, or of another session */
    LINK_LOG = 3,  /* a line of text, at any time */
    LINK_FAULT = 4 /* last words: the device stops after this line */
};

enum link_frame_error {
    LINK_ERROR_COBS = -1,   /* the frame ended inside a block */
    LINK_ERROR_LENGTH = -2, /* longer than the buffer, or shorter than header and CRC */
    LINK_ERROR_CRC = -3
};

struct link_frame {
    uint8_t channel; /* enum link_channel */
    uint8_t type;
    uint16_t session;
    uint16_t sequence;
    const uint8_t *payload;
    size_t payload_bytes;
};

/* The CRC-32 of `bytes` more bytes; start with crc = 0. Chainable, as zlib's crc32. */
uint32_t link_crc32(uint32_t crc, const uint8_t *data, size_t bytes);

/* Little-endian, at any alignment. */
uint16_t link_get_u16(const uint8_t *data);
uint32_t link_get_u32(const uint8_t *data);
void link_set_u16(uint8_t *data, uint16_t value);
void link_set_u32(uint8_t *data, uint32_t value);

/* --- Decoding ------------------------------------------------------------------------------------------------------
 */

struct link_decoder {
    uint8_t *buffer;   /* the caller's */
    size_t capacity;   /* of buffer; nothing is written beyond it */
    size_t length;     /* decoded bytes so far */
    uint8_t remaining; /* bytes left in the COBS block */
    bool zero_follows; /* the block, once complete, stands for its bytes and a zero */
    bool started;      /* something came since the last delimiter */
    bool overflow;     /* the frame is longer than the buffer: skip to its end */
};

void link_decoder_init(struct link_decoder *decoder, uint8_t *buffer, size_t capacity);

/* Takes the next bytes of the stream, up to the end of the first frame, and sets *used to how many. 1: *frame is
 * complete (its payload points into the decoder's buffer and is valid until the next call). 0: all were taken and there
 * is no frame yet. Negative link_frame_error: a damaged frame ended here. A zero byte brings the decoder into a known
 * state, whatever came before. */
int link_decoder_feed(struct link_decoder *decoder, const uint8_t *data, size_t bytes, size_t *used,
                      struct link_frame *frame);

/* --- Encoding, in pieces -------------------------------------------------------------------------------------------
 */

/* Writes frame's header in front of, and the CRC behind, the payload that the caller has put at
 * data + LINK_HEADER_BYTES. data must hold frame->payload_bytes + LINK_OVERHEAD_BYTES. Returns the bytes in use.
 * frame->payload is not looked at. */
size_t link_frame_seal(const struct link_frame *frame, uint8_t *data);

struct link_encoder {
    const uint8_t *data; /* a sealed frame; must stay as it is while being encoded */
    size_t bytes;
    size_t position;
    uint8_t run;   /* bytes left to copy of the current block */
    bool full;     /* the current block has 254 bytes: no zero is implied after it */
    uint8_t state; /* what comes next */
};

void link_encoder_init(struct link_encoder *encoder, const uint8_t *data, size_t bytes);

/* Puts the next bytes of the encoded frame, delimiters included, into out. Returns how many; 0 when all is out. */
size_t link_encoder_next(struct link_encoder *encoder, uint8_t *out, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
