/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of dlfm-slowfs: the model of the server and of the client's cache, and presets of both.
 */
#ifndef SLOWFS_OPTIONS_H
#define SLOWFS_OPTIONS_H

#include <stdint.h>

/* The server. A request waits for its turn at one queue, is served, and its answer travels. */
struct slowfs_model {
	uint64_t service_ns;	  /* a metadata request at the metadata server */
	uint64_t data_service_ns; /* a read or write at the data servers */
	uint64_t latency_ns; /* of every request: network, client, server; overlaps with others' */
	uint64_t bandwidth;  /* bytes a second of the data servers in all, 0: not limited */
	int one_queue;	     /* one server does both (NFS) */
};

/* The client: how long the kernel may answer by itself, seconds. */
struct slowfs_cache {
	double attr_file, attr_dir;
	double entry, negative;
	int keep_pages; /* pages of an unchanged file survive open */
};

struct slowfs_options {
	struct slowfs_model model;
	struct slowfs_cache cache;
	const char *state_file, *log_file;
	const char *mount_options; /* for mount, comma separated */
	const char *source, *mountpoint;
	const char *counts_of, *reset_of; /* state files */
	int json;
	int foreground;
	int threads;
	int access_requests; /* let access(2) and exec ask the server */
};

/*
 * Parses argv into *o. Returns -1 to go on, or the exit status: 0 after --help and --version, 2
 * after a message about wrong usage. Strings point into argv.
 */
int slowfs_options_parse(struct slowfs_options *o, int argc, char **argv);

/* Sets model and cache to a named preset, or the cache alone to a named one. 0, or -1 if there is
 * no such name. */
int slowfs_preset(const char *name, struct slowfs_model *model, struct slowfs_cache *cache);
int slowfs_cache_preset(const char *name, struct slowfs_cache *cache);

#endif
