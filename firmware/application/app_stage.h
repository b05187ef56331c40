/* A network on the rows, and decisions of its scores. */
#ifndef BOARDPROOF_APP_STAGE_H
#define BOARDPROOF_APP_STAGE_H

#include "app.h"

/* Prepares the network, and forgets what was decided. 0, or a negative model_error. */
int app_stage_reset(const struct app_stage *stage);

/* Sums from the beginning. */
void app_stage_begin_anew(const struct app_stage *stage);

/* Once in every hop, so that no difference of positions ever passes 2^32. */
void app_stage_forget_old(const struct app_stage *stage, uint32_t position);

/* Once in every hop: whether the network runs on the rows that there are. */
bool app_stage_is_due(const struct app_stage *stage);

/* Runs it, and decides; sets what the result says of both. 0, or a negative model_error. */
int app_stage_run(const struct app_stage *stage, struct app_result *result);

#endif
