/* SPDX-License-Identifier: BSD-3-Clause */
/* alarm(2) and _exit(2). */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "pmix-dist/watchdog.h"

static volatile sig_atomic_t exit_status;
static const char *volatile last_text;

static void end(int sig)
{
	const char *text = last_text;

	(void)sig;
	if (text && write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(exit_status);
	_exit(exit_status);
}

void watchdog(double seconds, int status, const char *text)
{
	struct sigaction action = {.sa_handler = end};
	sigset_t alarm_only;

	alarm(0);
	exit_status = status;
	last_text = text;
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	alarm(seconds > 1 ? (unsigned)seconds + 1 : 1);
}
