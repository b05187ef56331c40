/* An application: samples in, decisions out. What its windows and decisions are is defined here once for the board, and
 * in boardproof/project/apps/stream.py for the host; tests hold the two together.
 *
 * Samples come with their position in the stream, counted from 0, modulo 2^32. They wait in a ring buffer. As soon as
 * `window` of them wait, a hop is done: the front end turns them into a row of features, and `hop` samples are done
 * with. Once there are `rows` rows, the network runs, and then once every `every` hops. Its scores are added up over
 * `average` runs; the label with the largest sum, the first of them, is decided if its sum reaches `on`. It is decided
 * again only after its sum was below `off`, and `repeat` samples after the last time.
 *
 * Where the sensor has another rate than the front end, a resampler is between ring and window. Positions, `fill`,
 * `repeat`, `wait` and `span` are the sensor's.
 *
 * A second network can take the same rows: for a while after a decision of the first one, `wait` samples from it on and
 * for `span` samples. Each such decision begins its sums anew. It runs in a step of its own, after that of the hop.
 *
 * A gap of up to `fill` samples is filled with zeros. After a longer one, windows, rows and sums begin anew behind it,
 * and nothing that came before is lost; what the front end and the network remember stays.
 */
#ifndef BOARDPROOF_APP_H
#define BOARDPROOF_APP_H

#include <stdbool.h>

#include "app_names.h"
#include "app_resample.h"
#include "model_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A network's functions, as in model.h. */
struct app_network {
    int (*init)(void);
    int (*invoke)(void);
    int (*input)(uint16_t position, struct model_tensor *tensor);
    int (*output)(uint16_t position, struct model_tensor *tensor);
};

/* How far a network is: its runs that count, and hops until the next one. */
struct app_counts {
    uint32_t runs, until_run;
};

/* A network that gives scores, and when these become decisions. */
struct app_stage {
    const struct app_network *network;
    uint32_t rows, every, average;
    uint32_t repeat;              /* samples */
    uint16_t labels, first_label; /* the place of its first one in label_names */
    const int32_t *on, *off;      /* sums, one of each for each label; INT32_MAX: never decided */
    int16_t *scores;              /* average runs, each with a score for each label */
    int32_t *sums;                /* one for each label */
    uint32_t *decided_at;         /* positions */
    uint8_t *states;              /* of labels */
    struct app_counts *counts;
};

/* What the generated app_config.c says. Sizes are at least 1, hop <= window <= capacity, fill <= capacity - window,
 * rows
 * >= those of both stages, repeat and wait + span below 2^31; with a resampler taps <= capacity, fill <= capacity -
 * taps.
 */
struct app_config {
    const char *name, *version, *sensor;
    uint8_t digest[32];      /* of everything that decides what is computed */
    uint32_t rate;           /* samples a second of the sensor */
    float scale;             /* the sensor's units that stand for 1, where it gives real numbers */
    uint32_t sample_bytes;   /* of all channels together */
    uint32_t window, hop;    /* in samples as the front end takes them, behind the resampler */
    uint32_t capacity, fill; /* samples */
    uint32_t row_bytes, rows;
    const char *const *label_names;      /* of the first stage, then of the second */
    const struct app_network *front_end; /* NULL: the samples are the features */
    const struct app_stage *first;
    const struct app_stage *second;        /* NULL: there is none */
    const uint8_t *wakes;                  /* for each label of the first stage, whether it starts the second */
    uint32_t wait, span;                   /* samples */
    const struct app_resampler *resampler; /* NULL: the sensor has the front end's rate; else samples are int16 */
    uint8_t *resampled;                    /* window samples */
    uint8_t *ring;                         /* capacity samples */
    uint8_t *features;                     /* rows rows */
};

extern const struct app_config app_config;

enum app_flag {
    APP_HOP = 1,       /* a row of features was computed */
    APP_SCORED = 2,    /* the network ran */
    APP_DECIDED = 4,   /* a label was decided */
    APP_RESTARTED = 8, /* windows began anew before this, after a gap */
    APP_SECOND = 16    /* it was the second network that ran, and nothing else, on the rows of the hop before */
};

struct app_result {
    uint8_t flags;
    uint16_t label;                          /* the decided one's place in label_names */
    uint32_t position;                       /* of the first sample behind the window */
    int32_t sum;                             /* of the decided label */
    uint32_t front_end_ticks, network_ticks; /* the former with the resampler's */
    const uint8_t *features;                 /* the row, until the next step */
    const void *scores;                      /* the network's output, until the next step; NULL if it did not run */
    uint32_t score_bytes;
};

/* What went wrong with the stream. */
enum app_fault {
    APP_FILLED = 1, /* samples that did not come: zeros stand in for them */
    APP_GAP = 2,    /* too many did not come: everything begins anew behind them */
    APP_LATE = 3,   /* samples that were there already: ignored */
    APP_OVERRUN = 4 /* samples for which there was no room: they will be missing */
};

struct app_note {
    uint8_t fault;
    uint32_t position, samples;
};

enum { APP_NOTES = 8 };

struct app_status {
    uint32_t next;       /* the position that is to come */
    uint32_t waiting;    /* samples in the ring */
    uint32_t high_water; /* the most that ever waited */
    uint32_t lost_notes; /* how many there was no room for */
};

/* Prepares the networks and begins anew: no samples, no rows, no sums, all that networks remember as at the start. 0,
 * or a negative model_error. */
int app_reset(void);

/* Takes samples, the first one at `position`; returns how many are done with (taken, or there already), which is less
 * than `count` where there is no room. May be called from an interrupt, but only from one place. `lossy`: what there is
 * no room for will not come again. */
uint32_t app_push(uint32_t position, const void *samples, uint32_t count, int lossy);

/* What a sensor gives: `missing` samples that it could not, then these. It counts for itself where in the stream it is,
 * and nothing comes of it while the sensor is not listened to, as when the host plays it. */
void app_sensed(uint32_t missing, const void *samples, uint32_t count);
void app_listen(int on);

/* The bytes of one sample from `offset` on, for samples that are larger than what brings them; the last bytes complete
 * it. 1 if taken, 0 if there is no room, or another position is to come. */
int app_push_part(uint32_t position, uint32_t offset, const void *bytes, uint32_t count);

/* Where the bytes of the next sample go, for sensors that fill memory themselves; app_push_part with all its bytes as
 * the offset and none more completes it. There must be room for a sample. */
void *app_next_sample(void);

/* One hop, if enough samples wait: flags has APP_HOP then. Or a run of the second network, if the hop before made it
 * due. 0, or a negative model_error. */
int app_step(struct app_result *result);

/* Takes samples out again, without hops: up to `count`, none across a gap. Sets *position; returns how many. */
uint32_t app_drain(uint32_t *position, void *samples, uint32_t count);

void app_get_status(struct app_status *status);

/* The oldest note that was not taken yet; 0 if there is none. */
int app_take_note(struct app_note *note);

#ifdef __cplusplus
}
#endif

#endif
