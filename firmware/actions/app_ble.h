#ifndef BOARDPROOF_APP_BLE_H
#define BOARDPROOF_APP_BLE_H

#include "app.h"

void app_ble_begin();
void app_ble_poll();
void app_ble_act(const app_result &decision, const char *label);

#endif
