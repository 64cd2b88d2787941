/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals that ask srun to end while the plugin makes it wait. srun has all signals blocked and a thread that waits for
 * them, of which the plugin learns nothing; but a signal to the process goes to its main thread first if that one wants it
 * (signal(7), kernel/signal.c: complete_signal()), and the callbacks run there.
 */
#ifndef DLFM_SPANK_INTERRUPT_H
#define DLFM_SPANK_INTERRUPT_H

#include <signal.h>

enum { INTERRUPT_SIGNALS = 3 };

struct interrupt {
	sigset_t mask;				     /* of the thread, before */
	struct sigaction actions[INTERRUPT_SIGNALS]; /* before */
};

/* From here SIGINT, SIGTERM and SIGHUP (unless ignored) that reach the calling thread are only noted. */
void interrupt_begin(struct interrupt *i);
/* Back to as it was. 1 if one came. */
int interrupt_end(const struct interrupt *i);
/* 1 if one came since the last interrupt_begin(). */
int interrupt_came(void);

#endif
