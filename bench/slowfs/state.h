/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state file: counts of requests and the queues of the server, shared by all mounts that name
 * the same file (mapped, atomic), so that mounts on several virtual nodes contend for one server.
 *
 * Host byte order; times in nanoseconds of CLOCK_MONOTONIC, which all processes of one kernel
 * share.
 */
#ifndef SLOWFS_STATE_H
#define SLOWFS_STATE_H

#include <stdatomic.h>
#include <stdint.h>

#include "bench/slowfs/kind.h"

#define SLOWFS_MAGIC   "SLOWFS1"
#define SLOWFS_VERSION 1

struct slowfs_state {
	char magic[8];
	uint32_t version;
	uint32_t n_kinds;
	_Atomic uint64_t meta_free; /* when the metadata server has served all that came so far */
	_Atomic uint64_t data_free; /* the same of the data servers */
	_Atomic uint64_t count[KIND_COUNT];
	_Atomic uint64_t absent; /* lookups whose answer was ENOENT */
	_Atomic uint64_t bytes_read;
	_Atomic uint64_t bytes_written;
	_Atomic uint64_t service_ns; /* time that the servers were busy */
	_Atomic uint64_t waited_ns;  /* sum over the requests of the time from arrival to answer */
};

/*
 * Maps the state file, made if it is not there; NULL: private memory. The first of the mounts that
 * use it at a time clears the queues. The file stays open and locked (shared) until the process
 * ends. Returns NULL and prints the reason if it cannot be opened or is something else.
 */
struct slowfs_state *slowfs_state_open(const char *file);

/* Maps an existing state file for --counts and --reset; NULL and a message as above. */
struct slowfs_state *slowfs_state_view(const char *file);

/* Sets all counts to zero; queues go on. */
void slowfs_state_reset(struct slowfs_state *st);

/* Now, in the state's clock. */
uint64_t slowfs_now(void);

/*
 * Takes `service` ns of a server (a queue of the state) for a request that arrived at `now`;
 * returns when the server has done it.
 */
uint64_t slowfs_queue(_Atomic uint64_t *server_free, uint64_t now, uint64_t service);

#endif
