/* SPDX-License-Identifier: BSD-3-Clause */
/* The assumptions: names, units, defaults and where these come from. */
#include <json-c/json.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "bench/model/params.h"

struct param {
	const char *name;
	size_t offset;
	double value, least;
	const char *unit, *source;
};

#define P(name, value, least, unit, source)                                                        \
	{                                                                                          \
#name, offsetof(struct params, name), value, least, unit, source                   \
	}

static const char gpaw[] = "counted: `python3 -c 'import gpaw'` of bench/demo";
static const char preset[] = "preset nfs of dlfm-slowfs(1)";
static const char node[] = "a node of today: 48 to 128 cores, DDR5";

static const struct param table[] = {
	P(fs_servers, 1, 1, "",
	  "one queue of metadata requests: one server, or one directory's lock"),
	P(fs_service_us, 20, 0, "us/request", preset),
	P(fs_data_service_us, 20, 0, "us/request", preset),
	P(fs_latency_us, 250, 0, "us", preset),
	P(fs_bandwidth_mb_s, 1250, 1e-3, "MB/s", preset),
	P(fs_one_queue, 1, 0, "0 or 1",
	  "reads wait in the queue of the metadata requests: preset nfs"),
	P(fs_read_kib, 128, 1, "KiB/request", "the kernel's read-ahead"),
	P(fs_client_us, 10, 0, "us/request",
	  "processor time that a request costs the node's client"),
	P(node_cores, 48, 1, "", node),
	P(node_memory_gb_s, 200, 1e-3, "GB/s", node),
	P(machine_cores, 0, 0, "",
	  "cores that all nodes share (a virtual cluster); 0: each has its own"),
	P(net_mb_s, 2500, 1e-3, "MB/s",
	  "25 Gbit/s Ethernet less 20 %, or TCP over a faster fabric"),
	P(net_latency_us, 20, 0, "us", "TCP between nodes of one fabric"),
	P(launch_s, 0.1, 0, "s", "`srun true` on one node"),
	P(launch_hop_s, 0.05, 0, "s/level", "a level of Slurm's launch tree"),
	P(launch_task_s, 0.002, 0, "s/task",
	  "slurmstepd starts the tasks of a node one after the other"),
	P(launch_fanout, 50, 2, "", "TreeWidth of slurm.conf(5), its default in Slurm 22.05"),
	P(sbcast_block_kib, 8192, 1, "KiB", "--size of sbcast(1): 8 MiB"),
	P(sbcast_file_s, 0.02, 0, "s/file", "a credential and an open on all nodes for each file"),
	P(sbcast_hop_us, 500, 0, "us", "a message through a slurmd"),
	P(app_cpu_s, 0.8, 0, "s", "`import gpaw` from local disk"),
	P(app_memory_mb, 150, 0, "MB", "memory that a rank's start touches"),
	P(app_first_requests, 6800, 0, "", gpaw),
	P(app_next_requests, 2600, 0, "", "a further rank on the same node, clients as nfs(5)"),
	P(app_mb, 90, 0, "MB", "contents that a node reads"),
	P(app_lookups, 15000, 0, "", "calls of one rank that name a path"),
	P(app_files, 2500, 0, "", "files that are read"),
	P(lib_files, 120, 0, "", "what --send-libs sends: the libraries of the executable"),
	P(lib_mb, 60, 0, "MB", "the same"),
	P(lib_requests, 800, 0, "", "requests of a rank that these save"),
	P(dlfm_first_requests, 84, 0, "", "exec of python3: counted by bench/figures"),
	P(dlfm_next_requests, 0, 0, "", "a further rank: its node's client has them"),
	P(dlfm_first_mb, 6, 0, "MB", "the executable, which the kernel reads itself"),
	P(cache_mb, 120, 0, "MB", "contents of the cache"),
	P(cache_packed_mb, 45, 0, "MB", "cache.dat, compressed"),
	P(cache_entries, 3000, 0, "", "files and directories that a node writes"),
	P(stage_start_s, 0.15, 0, "s", "PMIx_Init, wire-up and end of a helper"),
	P(stage_stale_requests, 4000, 0, "", "one node asks whether recorded files have changed"),
	P(stage_parallel, 16, 1, "", "... so many at once"),
	P(stage_fanout, 2, 1, "", "pmix-dist/options.c"),
	P(stage_chunk_kib, 256, 1, "KiB", "pmix-dist: the size of a frame"),
	P(stage_unpack_mb_s, 800, 1e-3, "MB/s", "zstd, one thread"),
	P(stage_threads, 4, 1, "", "threads that decompress"),
	P(stage_write_mb_s, 1500, 1e-3, "MB/s", "one node's writes to tmpfs"),
	P(stage_file_us, 25, 0, "us/file", "making a file or directory in tmpfs"),
	P(image_mb, 90, 0, "MB", "what a node reads of the image"),
	P(image_mount_s, 0.1, 0, "s", "mounting it"),
	P(daemon_start_s, 0.5, 0, "s", "daemons are launched and have found each other"),
	P(daemon_ipc_us, 15, 0, "us", "a rank asks the daemon of its node: two context switches"),
	P(daemon_hop_us, 60, 0, "us", "a daemon asks the one above it"),
	P(daemon_fanout, 2, 1, "", "degree of the tree of daemons"),
};

enum { PARAMS = sizeof(table) / sizeof(table[0]) };

static char given[PARAMS];

static double *place(struct params *p, const struct param *t)
{
	return (double *)((char *)p + t->offset);
}

void params_default(struct params *p)
{
	for (int i = 0; i < PARAMS; i++)
		*place(p, &table[i]) = table[i].value;
	memset(given, 0, sizeof(given));
}

static int set(struct params *p, const char *name, struct json_object *value)
{
	for (int i = 0; i < PARAMS; i++) {
		double v = json_object_get_double(value);

		if (strcmp(table[i].name, name) != 0)
			continue;
		if (!(json_object_is_type(value, json_type_double) ||
		      json_object_is_type(value, json_type_int)) ||
		    !isfinite(v) || v < table[i].least) {
			fprintf(stderr, "dlfm-model: %s must be a number of at least %g: %s\n",
				name, table[i].least, json_object_to_json_string(value));
			return -1;
		}
		*place(p, &table[i]) = v;
		given[i] = 1;
		return 0;
	}
	fprintf(stderr, "dlfm-model: no assumption is named %s; see dlfm-model --assumptions\n",
		name);
	return -1;
}

int params_read(struct params *p, const char *file)
{
	struct json_object *all =
		strcmp(file, "-") == 0 ? json_object_from_fd(0) : json_object_from_file(file);
	int rc = 0;

	if (!all || !json_object_is_type(all, json_type_object)) {
		fprintf(stderr,
			"dlfm-model: %s is not a readable JSON object: {\"name\": value, ...}\n",
			file);
		rc = -1;
	} else {
		json_object_object_foreach(all, name, value)
		{
			if (set(p, name, value) < 0)
				rc = -1;
		}
	}
	json_object_put(all);
	return rc;
}

void params_print(const struct params *p, FILE *out)
{
	struct json_object *all = json_object_new_array();

	for (int i = 0; i < PARAMS; i++) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "name", json_object_new_string(table[i].name));
		json_object_object_add(
			o, "value", json_object_new_double(*place((struct params *)p, &table[i])));
		json_object_object_add(o, "unit", json_object_new_string(table[i].unit));
		json_object_object_add(
			o, "source", json_object_new_string(given[i] ? "given" : table[i].source));
		json_object_array_add(all, o);
	}
	fprintf(out, "%s\n", json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY));
	json_object_put(all);
}
