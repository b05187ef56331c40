#ifndef CMSIS_OS2_H
#define CMSIS_OS2_H

typedef void *osThreadId_t;

osThreadId_t osThreadGetId(void);

#endif
