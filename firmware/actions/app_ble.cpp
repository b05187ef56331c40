// Decisions by Bluetooth Low Energy: one service with one characteristic that can be read and notifies.
//
// Service 7b9e0001-5a4f-4c62-9a3d-1f2b6c8d4e10, characteristic 7b9e0002-…: position u32, sum i32, label u16, all
// little-endian, then the label's name in UTF-8, up to 20 bytes.

#include <ArduinoBLE.h>

#include <string.h>

#include "app_ble.h"

namespace {

constexpr int kNameBytes = 20;
constexpr int kFixedBytes = 10;

BLEService service("7b9e0001-5a4f-4c62-9a3d-1f2b6c8d4e10");
BLECharacteristic decisions("7b9e0002-5a4f-4c62-9a3d-1f2b6c8d4e10", BLERead | BLENotify, kFixedBytes + kNameBytes);
bool runs;

uint8_t *put(uint8_t *out, uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
        *out++ = static_cast<uint8_t>(value >> (8 * i));
    }
    return out;
}

} // namespace

void app_ble_begin() {
    runs = BLE.begin() != 0;
    if (!runs) {
        return;
    }
    BLE.setLocalName(app_config.name);
    BLE.setAdvertisedService(service);
    service.addCharacteristic(decisions);
    BLE.addService(service);
    BLE.advertise();
}

void app_ble_poll() {
    if (runs) {
        BLE.poll();
    }
}

void app_ble_act(const app_result &decision, const char *label) {
    uint8_t value[kFixedBytes + kNameBytes];
    size_t shown = strnlen(label, kNameBytes);
    while (shown > 0 && (label[shown] & 0xC0) == 0x80) { // not within a character
        --shown;
    }
    uint8_t *out = put(value, decision.position, 4);

    out = put(out, static_cast<uint32_t>(decision.sum), 4);
    out = put(out, decision.label, 2);
    memcpy(out, label, shown);
    if (runs) {
        decisions.writeValue(value, static_cast<int>(kFixedBytes + shown));
    }
}
