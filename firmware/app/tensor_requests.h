/* The requests that read and write tensors and run the model. Payloads are already checked for their fixed sizes. */
#ifndef BOARDPROOF_TENSOR_REQUESTS_H
#define BOARDPROOF_TENSOR_REQUESTS_H

#include "link_server.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sizes of the requests' fixed fields. */
enum {
    APP_TENSOR_ID_BYTES = 5,                  /* kind u8, index u16, output u16 */
    APP_OPERATORS_BYTES = 4,                  /* first u16, count u16 */
    APP_READ_BYTES = APP_TENSOR_ID_BYTES + 6, /* offset u32, bytes u16 */
    APP_INPUT_HEADER_BYTES = 6,               /* index u16, offset u32; data follow */
    APP_INVOKE_BYTES = 7                      /* flags u8, operators u16, CRC of the inputs u32 */
};

int app_describe(const uint8_t *payload, struct link_writer *reply);
int app_checksum(const uint8_t *payload, struct link_writer *reply);
int app_read(const uint8_t *payload, struct link_writer *reply);
int app_write_input(const uint8_t *payload, size_t payload_bytes);
int app_invoke(const uint8_t *payload, struct link_writer *reply);

/* Puts the ticks that `count` operators from `first` took in the last inference. */
void app_put_op_ticks(struct link_writer *reply, uint16_t first, uint16_t count);

/* Makes the reply the model's error and returns its status. */
int app_refuse_model(struct link_writer *reply, int error);

#ifdef __cplusplus
}
#endif

#endif
