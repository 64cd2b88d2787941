/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals that end the command: nothing half done is left. */
#include "config.h"

#include <signal.h>
#include <stddef.h>

#include "cache-tools/cli/cli.h"
#include "cache-tools/temporary.h"

static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ, SIGXCPU};

/* Written by a handler, read by all threads: atomic, which sig_atomic_t is not between threads. */
static int kept;

static void end_by(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

static void remove_and_end(int sig)
{
	dlfm_temporary_remove_all();
	end_by(sig);
}

static void keep(int sig)
{
	if (__atomic_exchange_n(&kept, sig, __ATOMIC_RELAXED))
		remove_and_end(sig);
}

static void handle(void (*handler)(int sig))
{
	struct sigaction action = {.sa_handler = handler}, old;
	size_t i;

	for (i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		if (sigaction(ending[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(ending[i], &action, NULL);
}

void cli_remove_temporaries_on_signals(void)
{
	handle(remove_and_end);
}

void cli_keep_signals(void)
{
	handle(keep);
}

int cli_interrupted(void)
{
	return __atomic_load_n(&kept, __ATOMIC_RELAXED);
}

void cli_end_if_interrupted(void)
{
	const int sig = cli_interrupted();
	sigset_t set;

	if (!sig)
		return;
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	end_by(sig);
}
