/* Every exception that nobody expects ends here: it is described to the host, and the emulator stops. */
#ifndef BOARDPROOF_MPS2_FAULTS_H
#define BOARDPROOF_MPS2_FAULTS_H

void fault_entry(void);

#endif
