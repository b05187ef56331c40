/* Answers the requests about an application, and all others as firmware without one does. */
#ifndef BOARDPROOF_APP_REQUESTS_H
#define BOARDPROOF_APP_REQUESTS_H

#include "link_server.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The `handle` of struct link_config. */
int app_handle_all(void *context, uint8_t type, const uint8_t *payload, size_t payload_bytes,
                   struct link_writer *reply);

#ifdef __cplusplus
}
#endif

#endif
