/* The front end's network: as in model.h, under names of its own. */
#ifndef BOARDPROOF_FRONTEND_H
#define BOARDPROOF_FRONTEND_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct model_info frontend_info;

int frontend_init(void);
int frontend_invoke(void);
int frontend_invoke_until(uint16_t count);
int frontend_input(uint16_t position, struct model_tensor *tensor);
int frontend_output(uint16_t position, struct model_tensor *tensor);
int frontend_op_output(uint16_t op, uint16_t output, struct model_tensor *tensor);
uint16_t frontend_op_index(uint16_t op);
uint32_t frontend_op_ticks(uint16_t op);
uint32_t frontend_arena_used(void);
uint32_t frontend_arena_needed(void);
const char *frontend_error_message(void);

#ifdef __cplusplus
}
#endif

#endif
