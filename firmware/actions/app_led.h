#ifndef BOARDPROOF_APP_LED_H
#define BOARDPROOF_APP_LED_H

#include "app.h"

void led_begin();
void led_poll();
void led_act(const app_result &decision, const char *label);

#endif
