/* What the application's functions are called when they are linked: as they are written. In a library, a generated
 * header of this name gives them the library's prefix. */
#ifndef BOARDPROOF_APP_NAMES_H
#define BOARDPROOF_APP_NAMES_H

#endif
