/* SPDX-License-Identifier: BSD-3-Clause */
/* Slurm's launch tree, sbcast, and the pipelined tree of dlfm-stage. */
#include <math.h>
#include <stdlib.h>

#include "bench/model/launch.h"

#define US 1e-6

unsigned tree_levels(double nodes, double fanout)
{
	unsigned levels = 0;

	for (double reached = 0, level = fanout; reached < nodes; level *= fanout) {
		reached += fanout > 1 ? level : 1;
		levels++;
	}
	return levels;
}

double launch_task(const struct params *p, uint32_t nodes, double k)
{
	return p->launch_s + p->launch_hop_s * (tree_levels(nodes, p->launch_fanout) - 1) +
	       p->launch_task_s * k;
}

/* A block of mb to `nodes` nodes: the sender gives it to as many as the tree is wide, each of these hands it on. */
static double sbcast_block(const struct params *p, double nodes, double mb)
{
	double kids = fmin(nodes, p->launch_fanout);

	if (nodes < 1)
		return 0;
	return kids * mb / p->net_mb_s + 2 * p->sbcast_hop_us * US +
	       sbcast_block(p, ceil((nodes - kids) / kids), mb);
}

double sbcast(const struct params *p, uint32_t nodes, double files, double mb, double start,
	      struct outcome *o)
{
	double block = p->sbcast_block_kib * 1024 / 1e6, each = files > 0 ? mb / files : 0;
	double blocks = fmax(1, ceil(each / block)), reads = mb * 1e6 / (p->fs_read_kib * 1024);
	double one = fmin(each, block);

	o->requests += reads + 3 * files; /* the walk, open and close of each */
	return start + p->launch_s + files * p->sbcast_file_s +
	       reads * (p->fs_data_service_us + p->fs_latency_us) * US + mb / p->fs_bandwidth_mb_s +
	       files * blocks * (sbcast_block(p, nodes, one) + one / p->stage_write_mb_s);
}

/* --- dlfm-stage */

struct tree {
	const struct params *p;
	uint32_t nodes, chunks, fanout;
	double packed_mb, raw_mb, files_s; /* of a chunk */
	double unpack_mb_s, write_mb_s;
	int failed;
};

/* Receive, decompress and write overlap: when the last of the chunks that come at these times is written. */
static double make_image(const struct tree *t, const double *comes)
{
	double unpacked = 0, written = 0;

	for (uint32_t c = 0; c < t->chunks; c++) {
		unpacked = fmax(unpacked, comes[c]) + t->raw_mb / t->unpack_mb_s;
		written = fmax(written, unpacked) + t->raw_mb / t->write_mb_s + t->files_s;
	}
	return written;
}

/* A node's chunks come at these times; it hands each on to its children in turn, through one network card. Returns when
 * it has the verdicts of all below it and its own. */
static double serve(struct tree *t, uint64_t node, const double *comes)
{
	double verdict = make_image(t, comes), card = 0, *kid;
	uint64_t first = node * t->fanout + 1;
	uint32_t kids = 0;

	while (kids < t->fanout && first + kids < t->nodes)
		kids++;
	if (kids == 0 || t->failed)
		return verdict;
	kid = malloc(sizeof(*kid) * t->chunks * kids);
	if (!kid) {
		t->failed = 1;
		return verdict;
	}
	for (uint32_t c = 0; c < t->chunks; c++) {
		for (uint32_t k = 0; k < kids; k++) {
			card = fmax(card, comes[c]) + t->packed_mb / t->p->net_mb_s;
			kid[(size_t)k * t->chunks + c] = card + t->p->net_latency_us * US;
		}
	}
	for (uint32_t k = 0; k < kids; k++)
		verdict = fmax(verdict, serve(t, first + k, kid + (size_t)k * t->chunks) +
						t->p->net_latency_us * US);
	free(kid);
	return verdict;
}

/* Whether recorded files have changed is asked before the first chunk goes. */
static double check_stale(const struct params *p)
{
	double one = p->fs_service_us * US;

	return p->stage_stale_requests *
	       fmax(one / p->fs_servers, (one + p->fs_latency_us * US) / p->stage_parallel);
}

static double read_rate(const struct params *p)
{
	double mb = p->fs_read_kib * 1024 / 1e6;

	return mb / (p->fs_data_service_us * US + mb / p->fs_bandwidth_mb_s);
}

double stage_tree(const struct params *p, uint32_t nodes, double start, struct outcome *o)
{
	double chunk = p->stage_chunk_kib * 1024 / 1e6, share = 1, *comes, end;
	struct tree t = {.p = p, .nodes = nodes, .fanout = (uint32_t)p->stage_fanout};

	if (p->machine_cores > 0) /* what the nodes of one machine do at once, they do in turn */
		share = fmin(1, p->machine_cores / nodes);
	t.chunks = (uint32_t)fmax(1, ceil(p->cache_packed_mb / chunk));
	t.packed_mb = p->cache_packed_mb / t.chunks;
	t.raw_mb = p->cache_mb / t.chunks;
	t.files_s = p->cache_entries * p->stage_file_us * US / t.chunks / share;
	t.unpack_mb_s = p->stage_unpack_mb_s *
			fmin(p->stage_threads, p->machine_cores > 0 ? share : p->node_cores);
	t.write_mb_s = p->stage_write_mb_s * share;
	comes = malloc(sizeof(*comes) * t.chunks);
	if (!comes)
		return -1;
	start += launch_task(p, nodes, 0) + p->stage_start_s + check_stale(p) +
		 p->fs_latency_us * US;
	for (uint32_t c = 0; c < t.chunks; c++)
		comes[c] = start + (c + 1) * t.packed_mb / read_rate(p);
	end = serve(&t, 0, comes);
	free(comes);
	o->requests += p->stage_stale_requests + p->cache_packed_mb * 1e6 / (p->fs_read_kib * 1024);
	return t.failed ? -1 : end;
}
