#ifndef BOARDPROOF_APP_SERIAL_H
#define BOARDPROOF_APP_SERIAL_H

#include "app.h"

void app_serial_begin();
void app_serial_poll();
void app_serial_act(const app_result &decision, const char *label);
void app_serial_act_on_fault(const app_note &note);
void app_serial_act_on_failure(const char *message);

#endif
