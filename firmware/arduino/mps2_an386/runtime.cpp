/* What the C++ library would otherwise bring along with exceptions, a demangler and a lot of flash. */
#include <stddef.h>
#include <stdlib.h>

#include <new>

#include "machine.h"

extern "C" {

void *__dso_handle = nullptr;

/* The program never ends by returning: destructors of static objects are never run. */
int __cxa_atexit(void (*)(void *), void *, void *) {
    return 0;
}

void __cxa_pure_virtual(void) {
    machine_fault("a pure virtual function was called");
}

} // extern "C"

void *operator new(size_t size) {
    void *memory = malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        machine_fault("the heap is exhausted");
    }
    return memory;
}

void *operator new[](size_t size) {
    return operator new(size);
}

void operator delete(void *memory) noexcept {
    free(memory);
}

void operator delete[](void *memory) noexcept {
    free(memory);
}

void operator delete(void *memory, size_t) noexcept {
    free(memory);
}

void operator delete[](void *memory, size_t) noexcept {
    free(memory);
}
