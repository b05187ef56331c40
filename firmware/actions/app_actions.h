// What decisions and faults do. The generated app_actions.cpp calls the actions that the settings name.
#ifndef BOARDPROOF_APP_ACTIONS_H
#define BOARDPROOF_APP_ACTIONS_H

#include "app.h"

void app_actions_begin();
void app_actions_poll();
void app_act(const app_result &decision, const char *label);
void app_act_on_fault(const app_note &note);
void app_act_on_failure(const char *message);

#endif
