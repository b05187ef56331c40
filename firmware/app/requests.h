/* Answers the protocol's requests by calling model.h and board.h. */
#ifndef BOARDPROOF_REQUESTS_H
#define BOARDPROOF_REQUESTS_H

#include "link_server.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The `handle` of struct link_config; context is not used: there is one model and one board. */
int app_handle(void *context, uint8_t type, const uint8_t *payload, size_t payload_bytes, struct link_writer *reply);

#ifdef __cplusplus
}
#endif

#endif
