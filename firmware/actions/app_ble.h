#ifndef BOARDPROOF_APP_BLE_H
#define BOARDPROOF_APP_BLE_H

#include "app.h"

void ble_begin();
void ble_poll();
void ble_act(const app_result &decision, const char *label);

#endif
