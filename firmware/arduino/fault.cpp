/* Where a program that cannot go on ends, on every machine. */
#include "machine.h"

namespace {
void (*fault_report)(const char *text);
}

void machine_set_fault_report(void (*report)(const char *text)) {
    fault_report = report;
}

void machine_fault(const char *text) {
    void (*report)(const char *) = fault_report;
    fault_report = nullptr; /* a fault while reporting must not report again */
    machine_log("boardproof: fault: ");
    machine_log(text);
    machine_log("\n");
    if (report != nullptr) {
        report(text);
    }
    machine_exit(1);
}
