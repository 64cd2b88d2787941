/* SPDX-License-Identifier: BSD-3-Clause */
/* Packing as the options say. */
#include "config.h"

#include "cache-tools/cli/pack-options.h"

#include <inttypes.h>
#include <stdio.h>

struct cli_pack cli_pack = {.output = "cache.dat", .scope = DLFM_SCOPE_DEFAULT};

const struct cli_choice cli_scopes[] = {
	{"shared", DLFM_SCOPE_SHARED},
	{"all", DLFM_SCOPE_ALL},
	{NULL, 0},
};

static int add_patterns(struct dlfm_patterns *to, const struct cli_list *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		if (dlfm_patterns_add(to, from->items[i]) < 0)
			return -1;
	return 0;
}

int cli_pack_policy(struct dlfm_policy *policy, struct dlfm_error *e)
{
	dlfm_policy_default(policy);
	if (cli_pack.policy_file && dlfm_policy_read(policy, cli_pack.policy_file, e) < 0)
		return -1;
	if (cli_pack.scope != DLFM_SCOPE_DEFAULT)
		policy->scope = cli_pack.scope;
	if (add_patterns(&policy->include, &cli_pack.include) < 0 ||
	    add_patterns(&policy->exclude, &cli_pack.exclude) < 0)
		return dlfm_errf(e, "no memory");
	return 0;
}

static void left_out(void *arg, const char *path, const char *why)
{
	(void)arg;
	cli_say("not stored: %s (%s)", path, why);
}

static void progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	(void)arg;
	cli_progress(what, done, total);
}

static int stop(void *arg)
{
	(void)arg;
	return cli_interrupted();
}

static void say_result(const struct dlfm_pack_report *r)
{
	char bytes[16], size[16];

	if (r->lost && !cli_quiet)
		cli_say("%u journals are not complete: there was no space for all that was looked "
			"up",
			r->lost);
	if (!cli_pack.verbose)
		return;
	cli_say("%s: %" PRIu64 " paths, %" PRIu64 " files (%s, %s stored), %" PRIu64
		" resolutions; %u journals",
		cli_pack.output, r->known, r->files, cli_size(bytes, r->bytes),
		cli_size(size, r->file_size), r->resolutions, r->journals);
	cli_say("left out: %" PRIu64 " out of scope, %" PRIu64 " data, %" PRIu64
		" written by the run, %" PRIu64 " gone since, %" PRIu64 " unreadable; %" PRIu64
		" resolutions on which processes disagreed",
		r->local, r->data, r->written, r->transient, r->failed, r->conflicts);
}

int cli_do_pack(const char *const *dirs, size_t n_dirs, const char *command, int partial,
		struct dlfm_error *e)
{
	struct dlfm_pack_report report;
	struct dlfm_policy policy;
	struct dlfm_pack_options options = {
		.policy = &policy,
		.command = command,
		.partial = partial,
		.no_history = cli_pack.no_history,
		.progress = progress,
		.stop = stop,
		.left_out = cli_pack.verbose > 1 ? left_out : NULL,
	};
	int rc;

	cli_quiet |= cli_pack.quiet;
	rc = cli_pack_policy(&policy, e);
	if (rc == 0)
		rc = dlfm_pack(dirs, n_dirs, cli_pack.output, &options, &report, e);
	cli_progress_end();
	if (rc == 0)
		say_result(&report);
	dlfm_policy_free(&policy);
	return rc;
}
