/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two files of the journal's writer share. */
#ifndef DLFM_JOURNAL_PRIVATE_H
#define DLFM_JOURNAL_PRIVATE_H

#include <limits.h>

#include "libdlfm/journal.h"

#define DLFM_JOURNAL_SLOTS 65536u

/* Lies in memory that the kernel wipes in a fork child. */
struct dlfm_journal_table {
	uint32_t state; /* enum in journal-file.c */
	uint32_t reserved;
	uint64_t slots[DLFM_JOURNAL_SLOTS]; /* hash's high half, record's offset / 8; 0: free */
};

struct dlfm_journal {
	struct dlfm_journal_header *file; /* mapped up to `limit`, written up to file->allocated */
	uint64_t limit;
	struct dlfm_journal_table *table;
	uint32_t layer, flags; /* for a fork child's journal */
	uint64_t hwcaps;
	uint32_t ld_cache;
	char dir[PATH_MAX];
	char path[PATH_MAX];
};

#define dlfm_load(p)	 __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define dlfm_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

static inline uint64_t dlfm_round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* May this process write? Starts a fork child's own journal. */
int dlfm_journal_ready(struct dlfm_journal *j);
/* Offset of `size` bytes (a multiple of 8) that may be written, 0 if there are none: then records are lost. */
uint64_t dlfm_journal_reserve(struct dlfm_journal *j, uint64_t size);
/* Says in the header that records are lost; none is written from then on. */
void dlfm_journal_lose(struct dlfm_journal *j);

#endif
