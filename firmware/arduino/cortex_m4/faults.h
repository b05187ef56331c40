/* Every exception that nobody expects ends here: it is described to the host, and the program stops. */
#ifndef BOARDPROOF_CORTEX_M4_FAULTS_H
#define BOARDPROOF_CORTEX_M4_FAULTS_H

void fault_entry(void);

#endif
