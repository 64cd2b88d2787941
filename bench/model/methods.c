/* SPDX-License-Identifier: BSD-3-Clause */
/* How each method is made of the parts. */
#include <math.h>

#include "bench/model/methods.h"

static struct app plain(const struct params *p)
{
	return (struct app){.first_requests = p->app_first_requests,
			    .next_requests = p->app_next_requests,
			    .first_mb = p->app_mb,
			    .cpu_s = p->app_cpu_s,
			    .memory_mb = p->app_memory_mb};
}

static int start(struct launch *l, const struct app *a)
{
	return app_start(l->p, a, l->nodes, l->ranks_per_node, l->prepared, &l->o);
}

static int vanilla(struct launch *l)
{
	struct app a = plain(l->p);

	return start(l, &a);
}

static int local(struct launch *l)
{
	struct app a = plain(l->p);

	a.first_requests = a.next_requests = a.first_mb = 0;
	return start(l, &a);
}

static int dlfm_staged(struct launch *l)
{
	struct app a = plain(l->p);

	a.first_requests = l->p->dlfm_first_requests;
	a.next_requests = l->p->dlfm_next_requests;
	a.first_mb = l->p->dlfm_first_mb;
	return start(l, &a);
}

/* The executable, which the kernel reads itself, lies on the node's disk or came by srun --bcast. */
static int dlfm_exec(struct launch *l)
{
	struct app a = plain(l->p);

	a.first_requests = a.next_requests = a.first_mb = 0;
	l->prepared = stage_tree(l->p, l->nodes, 0, &l->o);
	return l->prepared < 0 ? -1 : start(l, &a);
}

static int dlfm_cold(struct launch *l)
{
	l->prepared = stage_tree(l->p, l->nodes, 0, &l->o);
	return l->prepared < 0 ? -1 : dlfm_staged(l);
}

/* The executable and its libraries come by sbcast; what Python looks up does not. */
static int bcast(struct launch *l)
{
	struct app a = plain(l->p);

	l->prepared = sbcast(l->p, l->nodes, l->p->lib_files, l->p->lib_mb, 0, &l->o);
	a.first_requests = fmax(0, a.first_requests - l->p->lib_requests);
	a.next_requests = fmax(0, a.next_requests - l->p->lib_requests);
	a.first_mb = fmax(0, a.first_mb - l->p->lib_mb);
	return start(l, &a);
}

/* Lookups are answered by the node's kernel; each node reads what it needs of the image. */
static int image(struct launch *l)
{
	struct app a = plain(l->p);

	a.first_requests = 10; /* the image's own path and attributes */
	a.next_requests = 0;
	a.first_mb = l->p->image_mb;
	l->prepared = l->p->image_mount_s;
	return start(l, &a);
}

/*
 * The root daemon alone asks the file system, once for each thing; each file comes down the tree when it is asked for,
 * whole from level to level, to all nodes at once, since all ranks ask for the same. A rank's lookups go to its node's
 * daemon, one after the other.
 */
static int daemons(struct launch *l)
{
	const struct params *p = l->p;
	double levels = tree_levels(l->nodes - 1, p->daemon_fanout), us = 1e-6;
	double mb = p->app_files > 0 ? p->app_mb / p->app_files : 0;
	struct app a = plain(p);

	a.daemon_lookups = p->app_lookups;
	a.first_requests = a.next_requests = a.first_mb = 0;
	a.first_wait_s = p->app_files * levels *
				 (2 * p->daemon_hop_us * us + p->daemon_fanout * mb / p->net_mb_s) +
			 p->app_first_requests * (p->fs_service_us + p->fs_latency_us) * us +
			 p->app_mb / p->fs_bandwidth_mb_s;
	l->o.requests += p->app_first_requests + p->app_mb * 1e6 / (p->fs_read_kib * 1024);
	l->prepared = launch_task(p, l->nodes, 0) + p->daemon_start_s;
	return start(l, &a);
}

const struct method methods[] = {
	{"vanilla", "from the shared file system", vanilla},
	{"dlfm-cold", "DLFM, staged first", dlfm_cold},
	{"dlfm-staged", "DLFM, image already staged", dlfm_staged},
	{"dlfm-exec", "DLFM, staged first, executable on the nodes", dlfm_exec},
	{"bcast", "sbcast of the executable and its libraries", bcast},
	{"image", "an image on the shared file system, mounted on each node", image},
	{"daemons", "a tree of daemons that look up", daemons},
	{"local", "each node's local disk", local},
	{0},
};
