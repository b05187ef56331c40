#include "app_stage.h"

#include <string.h>

#include "app_rows.h"
#include "nn_network_ticks.h"

/* States of a label. */
enum { ARMED = 1, DECIDED_LATELY = 2 };

int app_stage_reset(const struct app_stage *stage) {
    memset(stage->states, 0, stage->labels);
    return stage->network->init();
}

void app_stage_begin_anew(const struct app_stage *stage) {
    memset(stage->counts, 0, sizeof *stage->counts);
    memset(stage->sums, 0, stage->labels * sizeof *stage->sums);
    for (uint16_t label = 0; label < stage->labels; ++label) {
        stage->states[label] |= ARMED;
    }
}

bool app_stage_is_due(const struct app_stage *stage) {
    if (app_rows_filled() < stage->rows) {
        return false;
    }
    if (stage->counts->until_run > 0) {
        --stage->counts->until_run;
        return false;
    }
    stage->counts->until_run = stage->every - 1;
    return true;
}

static int16_t score_of(const struct model_tensor *output, uint16_t label) {
    switch (output->dtype) {
    case MODEL_INT16:
        return ((const int16_t *)output->data)[label];
    case MODEL_UINT8:
        return ((const uint8_t *)output->data)[label];
    default:
        return ((const int8_t *)output->data)[label];
    }
}

/* Adds the newest scores to the sums, and takes the oldest ones out; whether there are enough for a decision. */
static bool add_scores(const struct app_stage *stage, const struct model_tensor *output) {
    uint32_t *runs = &stage->counts->runs;
    int16_t *newest = stage->scores + (size_t)(*runs % stage->average) * stage->labels;

    for (uint16_t label = 0; label < stage->labels; ++label) {
        const int16_t oldest = *runs < stage->average ? 0 : newest[label];
        newest[label] = score_of(output, label);
        stage->sums[label] += newest[label] - oldest;
    }
    ++*runs;
    if (*runs == 2 * stage->average) { /* counts on without end */
        *runs = stage->average;
    }
    return *runs >= stage->average;
}

void app_stage_forget_old(const struct app_stage *stage, uint32_t position) {
    for (uint16_t label = 0; label < stage->labels; ++label) {
        if (position - stage->decided_at[label] >= stage->repeat) {
            stage->states[label] &= (uint8_t)~DECIDED_LATELY;
        }
    }
}

static void decide(const struct app_stage *stage, struct app_result *result) {
    uint16_t best = 0;

    for (uint16_t label = 0; label < stage->labels; ++label) {
        if (stage->sums[label] < stage->off[label]) {
            stage->states[label] |= ARMED;
        }
        if (stage->sums[label] > stage->sums[best]) {
            best = label;
        }
    }
    if (stage->on[best] == INT32_MAX || stage->sums[best] < stage->on[best] || stage->states[best] != ARMED) {
        return;
    }
    stage->states[best] = DECIDED_LATELY;
    stage->decided_at[best] = result->position;
    result->flags |= APP_DECIDED;
    result->label = (uint16_t)(stage->first_label + best);
    result->sum = stage->sums[best];
}

int app_stage_run(const struct app_stage *stage, struct app_result *result) {
    struct model_tensor tensor;

    stage->network->input(0, &tensor);
    app_rows_copy(tensor.data, stage->rows);
    const uint32_t begin = nn_network_ticks();
    const int error = stage->network->invoke();
    result->network_ticks = nn_network_ticks() - begin;
    stage->network->output(0, &tensor);
    result->scores = tensor.data;
    result->score_bytes = tensor.bytes;
    result->flags |= APP_SCORED;
    if (error == 0 && add_scores(stage, &tensor)) {
        decide(stage, result);
    }
    return error;
}
