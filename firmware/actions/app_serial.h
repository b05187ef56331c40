#ifndef BOARDPROOF_APP_SERIAL_H
#define BOARDPROOF_APP_SERIAL_H

#include "app.h"

void serial_begin();
void serial_poll();
void serial_act(const app_result &decision, const char *label);
void serial_act_on_fault(const app_note &note);
void serial_act_on_failure(const char *message);

#endif
