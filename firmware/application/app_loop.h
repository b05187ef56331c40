/* The application by itself: samples from the sensor, steps, actions. A sketch calls app_setup and app_loop. */
#ifndef BOARDPROOF_APP_LOOP_H
#define BOARDPROOF_APP_LOOP_H

#include "app.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Prepares the networks and starts the sensor. */
void app_setup(void);

/* What the sensor has, one step, and its actions; not while the host plays the sensor. Returns at once, unless the
 * sensor's library waits. */
void app_loop(void);

/* Lends the application to the host, which takes the steps and plays the sensor, unless the board's own gives the
 * samples; or takes it back. */
void app_lend(bool host_takes_steps, bool sensor_gives_samples);

/* The sensor: a file of ours, or functions of yours, which replace it. Samples go to app_sensed, from an interrupt or
 * from app_sensor_poll. app_sensor_begin returns whether it runs, as it does where there is none. */
bool app_sensor_begin(void);
void app_sensor_poll(void);

/* Called for every decision, beside the actions that the settings name. Does nothing unless you write it. */
void app_on_decision(const struct app_result *decision, const char *label);

/* Called for every fault of the stream. */
void app_on_fault(const struct app_note *note);

#ifdef __cplusplus
}
#endif

#endif
