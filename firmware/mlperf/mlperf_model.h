/* The network behind MLPerf Tiny's commands: a sample in, inferences, results out. */
#ifndef BOARDPROOF_MLPERF_MODEL_H
#define BOARDPROOF_MLPERF_MODEL_H

#include "mlperf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the loaded sample what the input tensor wants. False when that cannot be, after a line that says why. */
bool mlperf_stage(struct mlperf *m);

/* Gives the network its input and runs it once: 0, or a negative model_error. The input is written every time, because
 * its memory is the network's to reuse. */
int mlperf_infer(const struct mlperf *m);

/* The line "m-results-[…]". */
void mlperf_results(struct mlperf *m);

#ifdef __cplusplus
}
#endif

#endif
