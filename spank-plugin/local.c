/* SPDX-License-Identifier: BSD-3-Clause */
/* srun: decides what is to be done for the step, has it done, and writes the ticket. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank-plugin/interrupt.h"
#include "spank-plugin/nested.h"
#include "spank-plugin/plugin.h"
#include "spank-plugin/gathering.h"
#include "spank-plugin/staging.h"
#include "spank-plugin/ticket.h"

/* What stops srun, as Slurm does it for a plugin that is `required`; the shepherd process ends step and job. */
enum { INTERRUPTED_EXIT = 130 };

static void refuse(int status)
{
	exit(status);
}

static int make_absolute(char file[PATH_MAX], struct dlfm_error *e)
{
	char cwd[PATH_MAX], path[2 * PATH_MAX];

	if (!file[0] || file[0] == '/')
		return 0;
	if (!getcwd(cwd, sizeof(cwd)))
		return dlfm_errnof(e, "the working directory is not known");
	if (snprintf(path, sizeof(path), "%s/%s", cwd, file) >= PATH_MAX)
		return dlfm_errf(e, "%.100s...: the path is too long", file);
	strcpy(file, path);
	return 0;
}

/* Stages for a replay. What is not right is said in one line; 0, or -1 if the step is to run without. */
static int prepare_replay(struct ticket *t, struct dlfm_error *e)
{
	struct staging s = {
		.args = &plugin.args,
		.option = &t->option,
		.job = t->job,
		.step = t->step,
		.with_note = plugin.in_job,
	};
	struct interrupt before;
	enum staged staged;

	if (staging_key(&s, t->key, e) < 0)
		return -1;
	interrupt_begin(&before);
	staged = staging_run(&s, t->key, e);
	if (interrupt_end(&before) && staged != STAGED_INTERRUPTED) {
		dlfm_errf(e, "interrupted while %s was staged", t->option.file);
		staged = STAGED_INTERRUPTED;
	}
	switch (staged) {
	case STAGED_ALL:
		if (e->text[0])
			slurm_spank_log("dlfm: %s", e->text);
		return 0;
	case STAGED_NOT_ALL:
		if (t->option.require)
			return -1;
		slurm_spank_log("dlfm: %s", e->text);
		t->word = TICKET_QUIET;
		return 0;
	default:
		slurm_spank_log("dlfm: %s", e->text);
		refuse(INTERRUPTED_EXIT);
		return -1;
	}
}

static int write_ticket(const struct ticket *t, struct dlfm_error *e)
{
	char *text = malloc(TICKET_TEXT_MAX);
	int rc = -1;

	if (!text || ticket_format(t, text) < 0 || setenv(TICKET_VARIABLE, text, 1) < 0)
		dlfm_errf(e, "no memory for the variable " TICKET_VARIABLE);
	else
		rc = 0;
	free(text);
	return rc;
}

/* Settles which of both it is, and the file. */
static int settle(struct ticket *t, struct dlfm_error *e)
{
	struct dlfm_job_option *o = &t->option;

	if (make_absolute(o->file, e) < 0 || make_absolute(o->report_file, e) < 0)
		return -1;
	if (o->mode == DLFM_MODE_AUTO)
		o->mode = access(o->file, F_OK) == 0 ? DLFM_MODE_REPLAY : DLFM_MODE_RECORD;
	return 0;
}

static int prepare(struct ticket *t, struct dlfm_error *e)
{
	if (plugin.bad_args[0])
		return dlfm_errf(e, "plugstack.conf: %s", plugin.bad_args);
	if (getenv("SLURM_HET_SIZE"))
		return dlfm_errf(e, "heterogeneous jobs are not supported");
	if (settle(t, e) < 0)
		return -1;
	if (t->option.mode == DLFM_MODE_REPLAY && prepare_replay(t, e) < 0)
		return -1;
	if (gathering_prepare(t, e) < 0) {
		if (t->option.mode == DLFM_MODE_RECORD)
			return -1;
		slurm_spank_log("dlfm: no report, nothing learned: %s", e->text);
		t->option.report = t->option.learn = 0;
	}
	return write_ticket(t, e);
}

/* 1 if there is something to do for this step. */
static int wanted(spank_t sp, struct ticket *t, struct dlfm_error *e)
{
	if (getenv(NESTED_GUARD))
		return 0;
	if (plugin_option_effective(&t->option, getenv("DLFM"), e) < 0)
		return -1;
	if (t->option.mode == DLFM_MODE_OFF)
		return 0;
	if (spank_get_item(sp, S_JOB_ID, &t->job) != ESPANK_SUCCESS ||
	    spank_get_item(sp, S_JOB_STEPID, &t->step) != ESPANK_SUCCESS)
		return dlfm_errf(e, "Slurm does not tell the step's number");
	return t->step < SLURM_INTERACTIVE_STEP;
}

void plugin_local_exit(void)
{
	gathering_finish(plugin.args.timeout);
}

int plugin_local_user_init(spank_t sp)
{
	struct ticket *t = calloc(1, sizeof(*t));
	struct dlfm_error e;
	int rc;

	unsetenv(TICKET_VARIABLE);
	unsetenv(TICKET_COLLECT_VARIABLE);
	if (!t)
		return 0;
	rc = wanted(sp, t, &e);
	if (rc > 0)
		rc = prepare(t, &e);
	if (rc < 0 && t->option.require) {
		slurm_spank_log("dlfm: %s; the step is not started (require)", e.text);
		refuse(DLFM_EXIT_OWN);
	}
	if (rc < 0)
		slurm_spank_log("dlfm: %s; the step runs without DLFM", e.text);
	free(t);
	return 0;
}
