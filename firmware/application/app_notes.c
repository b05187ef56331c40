#include "app_notes.h"

#include "app_settle.h"

static struct app_note notes[APP_NOTES];
static volatile uint32_t notes_in, notes_out;
static uint32_t lost_notes;

void app_notes_reset(void) {
    lost_notes = notes_in = notes_out = 0;
}

void app_add_note(uint8_t fault, uint32_t position, uint32_t samples) {
    if (notes_in - notes_out == APP_NOTES) {
        ++lost_notes;
        return;
    }
    struct app_note *next = &notes[notes_in % APP_NOTES];
    next->fault = fault;
    next->position = position;
    next->samples = samples;
    app_settle();
    ++notes_in;
}

int app_take_note(struct app_note *taken) {
    if (notes_in == notes_out) {
        return 0;
    }
    *taken = notes[notes_out % APP_NOTES];
    app_settle();
    ++notes_out;
    return 1;
}

uint32_t app_lost_notes(void) {
    return lost_notes;
}
