/* What went wrong with the stream, until someone asks: app_take_note in app.h. */
#ifndef BOARDPROOF_APP_NOTES_H
#define BOARDPROOF_APP_NOTES_H

#include "app.h"

/* May be called from an interrupt, but only from one place. */
void app_add_note(uint8_t fault, uint32_t position, uint32_t samples);

/* How many there was no room for. */
uint32_t app_lost_notes(void);

void app_notes_reset(void);

#endif
