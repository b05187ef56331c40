/* When the second network runs: for a while after a decision of the first one. There is none where
 * app_config.second is NULL. */
#ifndef BOARDPROOF_APP_SECOND_H
#define BOARDPROOF_APP_SECOND_H

#include "app.h"

/* Asleep. 0, or a negative model_error. */
int app_second_reset(void);

/* Sums from the beginning. */
void app_second_begin_anew(void);

/* What a hop means for it: a decision may start it, time may end it, it may be due. */
void app_second_look_at(const struct app_result *result);

/* Whether the hop before made a run due. */
bool app_second_is_due(void);

/* That run, on the hop's rows, which are still the newest. 0, or a negative model_error. */
int app_second_run(struct app_result *result);

#endif
