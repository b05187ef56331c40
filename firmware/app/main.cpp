// The sketch: connects the board's serial stream to the request loop. Everything else is in C.

#include <Arduino.h>
#if defined(ARDUINO_ARCH_MBED) && defined(SERIAL_CDC)
#include <USB/PluggableUSBSerial.h>
#endif

#include "board.h"
#include "link_server.h"
#include "model.h"
#include "requests.h"
#ifdef BOARDPROOF_APPLICATION
#include "app_loop.h"
#include "app_requests.h"
#endif

// The stream to the host; Serial1 where Serial is USB and there is none.
#ifndef BOARDPROOF_SERIAL
#define BOARDPROOF_SERIAL Serial
#endif
#ifndef BOARDPROOF_BAUD
#define BOARDPROOF_BAUD 115200
#endif

#ifdef __ELF__
extern "C" const char *model_locate_fault(const char *fault) __attribute__((weak)); // null in runtimes without it
#define LOCATE_FAULT model_locate_fault
#else
#define LOCATE_FAULT static_cast<const char *(*)(const char *)>(nullptr)
#endif

namespace {

// How long a write waits for room. A host that does not read for so long has gone away, or will ask again.
constexpr unsigned long kWriteMillis = 100;

// Takes bytes one by one, as every Arduino core can.
template <typename Port> size_t read_some(Port &port, uint8_t *data, size_t bytes, long) {
    size_t count = 0;
    while (count < bytes && port.available() > 0) {
        data[count++] = static_cast<uint8_t>(port.read());
    }
    return count;
}

// Takes what is there at once, where the core can.
template <typename Port>
auto read_some(Port &port, uint8_t *data, size_t bytes, int) -> decltype(static_cast<size_t>(port.read(data, bytes))) {
    return port.available() > 0 ? static_cast<size_t>(port.read(data, bytes)) : 0;
}

size_t read_stream(void *, uint8_t *data, size_t bytes) {
    return read_some(BOARDPROOF_SERIAL, data, bytes, 0);
}

template <typename Port> size_t write_some(Port &port, const uint8_t *data, size_t bytes) {
    return port.write(data, bytes);
}

#if defined(ARDUINO_ARCH_MBED) && defined(SERIAL_CDC)
// Serial is a UART by type, with the USB port behind it. That port's write() waits as long as it is open and nobody
// reads; send_nb() takes what there is room for.
size_t write_some(arduino::UART &port, const uint8_t *data, size_t bytes) {
    if (&port != &Serial) {
        return port.write(data, bytes);
    }
    uint32_t taken = 0;
    _SerialUSB.send_nb(const_cast<uint8_t *>(data), static_cast<uint32_t>(bytes), &taken, true);
    return taken;
}
#endif

size_t write_stream(void *, const uint8_t *data, size_t bytes) {
    const unsigned long start = millis();
    size_t sent = 0;
    while (true) {
        sent += write_some(BOARDPROOF_SERIAL, data + sent, bytes - sent);
        if (sent >= bytes || millis() - start > kWriteMillis) {
            return sent;
        }
        yield();
    }
}

#ifdef BOARDPROOF_APPLICATION
const link_config config = {nullptr, read_stream, write_stream, app_handle_all};
#else
const link_config config = {nullptr, read_stream, write_stream, app_handle};
#endif
link_server server;

void report_fault(const char *text) {
    const char *(*const locate)(const char *) = LOCATE_FAULT;
    link_say(&server, LINK_FAULT, locate != nullptr ? locate(text) : text);
}

} // namespace

void setup() {
    BOARDPROOF_SERIAL.begin(BOARDPROOF_BAUD);
    board_init();
    link_server_init(&server, &config);
    board_set_fault_report(report_fault);
#ifdef BOARDPROOF_APPLICATION
    app_setup();
#endif
}

void loop() {
    link_poll(&server);
#ifdef BOARDPROOF_APPLICATION
    app_loop();
#endif
}
