/* Rows of features: a ring, in which a new one takes the place of the oldest and nothing else moves. */
#ifndef BOARDPROOF_APP_ROWS_H
#define BOARDPROOF_APP_ROWS_H

#include "app.h"

/* No rows. */
void app_rows_begin_anew(void);

/* The next window's samples through the front end, as the newest row; sets what the result says of it. 0, or a negative
 * model_error. */
int app_rows_compute(struct app_result *result);

/* How many there are. */
uint32_t app_rows_filled(void);

/* The newest rows, the oldest of them first. */
void app_rows_copy(void *input, uint32_t count);

#endif
