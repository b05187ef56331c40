#ifndef BOARDPROOF_APP_LED_H
#define BOARDPROOF_APP_LED_H

#include "app.h"

void app_led_begin();
void app_led_poll();
void app_led_act(const app_result &decision, const char *label);

#endif
