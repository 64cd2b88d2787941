/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The assumptions of the model: each has a name, a unit, a value and where the value comes from. params.c holds the
 * table; a JSON object {"name": value, ...} replaces values by measured ones.
 */
#ifndef DLFM_BENCH_MODEL_PARAMS_H
#define DLFM_BENCH_MODEL_PARAMS_H

#include <stdio.h>

struct params {
	/* the shared file system */
	double fs_servers, fs_service_us, fs_data_service_us, fs_latency_us, fs_bandwidth_mb_s,
		fs_one_queue;
	double fs_read_kib, fs_client_us;
	/* a node and the network */
	double node_cores, node_memory_gb_s, machine_cores, net_mb_s, net_latency_us;
	/* Slurm */
	double launch_s, launch_hop_s, launch_task_s, launch_fanout;
	double sbcast_block_kib, sbcast_file_s, sbcast_hop_us;
	/* the application: a start of one rank */
	double app_cpu_s, app_memory_mb;
	double app_first_requests, app_next_requests, app_mb;
	double app_lookups, app_files;
	double lib_files, lib_mb, lib_requests;
	/* DLFM */
	double dlfm_first_requests, dlfm_next_requests, dlfm_first_mb;
	double cache_mb, cache_packed_mb, cache_entries;
	double stage_start_s, stage_stale_requests, stage_parallel, stage_fanout, stage_chunk_kib;
	double stage_unpack_mb_s, stage_threads, stage_write_mb_s, stage_file_us;
	/* an image that is mounted on each node */
	double image_mb, image_mount_s;
	/* a tree of daemons that look up on behalf of the ranks */
	double daemon_start_s, daemon_ipc_us, daemon_hop_us, daemon_fanout;
};

/* The values that are assumed where nothing was measured. */
void params_default(struct params *p);

/* Replaces those that the JSON object in the file names; "-" is standard input. 0, or -1 with a message on stderr: the
 * file is not readable or not JSON, a name is unknown, a value is no number or not in its range. */
int params_read(struct params *p, const char *file);

/* A JSON array of {"name", "value", "unit", "source"}; "source" is "given" for those that params_read() replaced. */
void params_print(const struct params *p, FILE *out);

#endif
