/* SPDX-License-Identifier: BSD-3-Clause */
/* Noting signals for a while. */
#include "config.h"

#include "spank-plugin/interrupt.h"

static const int signals[INTERRUPT_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t came;

static void note(int signal)
{
	came = signal;
}

void interrupt_begin(struct interrupt *saved)
{
	struct sigaction action = {.sa_handler = note};
	sigset_t wanted;
	int i;

	came = 0;
	sigemptyset(&wanted);
	for (i = 0; i < INTERRUPT_SIGNALS; i++) {
		sigaction(signals[i], NULL, &saved->actions[i]);
		if (saved->actions[i].sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
		sigaddset(&wanted, signals[i]);
	}
	pthread_sigmask(SIG_UNBLOCK, &wanted, &saved->mask);
}

int interrupt_end(const struct interrupt *saved)
{
	int i;

	pthread_sigmask(SIG_SETMASK, &saved->mask, NULL);
	for (i = 0; i < INTERRUPT_SIGNALS; i++)
		sigaction(signals[i], &saved->actions[i], NULL);
	return came != 0;
}

int interrupt_came(void)
{
	return came != 0;
}
