/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal's writer: records. No lock anywhere: space is reserved by an addition to `tail`, and equal records are found
 * by a table of offsets that are set by compare and swap. A race costs a second equal record at worst.
 */
#include "libdlfm/journal-private.h"

#include <string.h>

#include "libdlfm/hash.h"
#include "libdlfm/sys.h"

#define TABLE_SLOTS  DLFM_JOURNAL_SLOTS
#define TABLE_PROBES 16u

struct wanted { /* a record that is to be, or to be found */
	enum dlfm_record_kind kind;
	unsigned ops;
	int err;
	const char *a, *b;
	size_t a_len, b_len;
};

static uint64_t wanted_hash(const struct wanted *w)
{
	const uint64_t rest = (uint64_t)w->kind << 48 ^ (uint64_t)w->ops << 32 ^ (uint32_t)w->err;
	uint64_t hash = dlfm_hash(w->a, w->a_len);

	if (w->b)
		hash = hash * 0x9e3779b97f4a7c15u ^ dlfm_hash(w->b, w->b_len);
	return (hash ^ rest) * 0x9e3779b97f4a7c15u;
}

static int is_wanted(const struct dlfm_journal_record *r, const struct wanted *w)
{
	const char *s = (const char *)(r + 1);

	return r->kind == w->kind && r->ops == w->ops && r->err == w->err && r->a_len == w->a_len &&
	       r->b_len == w->b_len && memcmp(s, w->a, w->a_len) == 0 &&
	       (!w->b_len || memcmp(s + w->a_len + 1, w->b, w->b_len) == 0);
}

static struct dlfm_journal_record *record_at(struct dlfm_journal *j, uint64_t at)
{
	return (struct dlfm_journal_record *)((char *)j->file + at);
}

static void write_string(char *to, const char *s, size_t len)
{
	if (len)
		memcpy(to, s, len);
	to[len] = '\0';
}

/* Appends the record; its offset, 0 if there is no space. */
static uint64_t append(struct dlfm_journal *j, const struct wanted *w)
{
	const uint64_t size =
		dlfm_round_up(sizeof(struct dlfm_journal_record) + w->a_len + w->b_len + 2, 8);
	const uint64_t at = dlfm_journal_reserve(j, size);
	struct dlfm_journal_record *r;

	if (!at)
		return 0;
	r = record_at(j, at);
	dlfm_store(&r->mark, DLFM_RECORD_MARK ^ (uint32_t)at);
	r->size = (uint32_t)size;
	r->ops = (uint16_t)w->ops;
	r->err = w->err;
	r->count = 1;
	r->thread = dlfm_sys_gettid();
	r->a_len = (uint32_t)w->a_len;
	r->b_len = (uint32_t)w->b_len;
	write_string((char *)(r + 1), w->a, w->a_len);
	write_string((char *)(r + 1) + w->a_len + 1, w->b, w->b_len);
	dlfm_store(&r->kind, (uint16_t)w->kind);
	return at;
}

/* Raises the count of an equal record, or appends one and enters it. A full neighbourhood only
 * means a repeated record. */
static void merge(struct dlfm_journal *j, const struct wanted *w)
{
	const uint64_t hash = wanted_hash(w);
	uint64_t *slots = j->table->slots, slot, at;
	uint32_t i, n;

	for (n = 0, i = hash % TABLE_SLOTS; n < TABLE_PROBES; n++, i = (i + 1) % TABLE_SLOTS) {
		slot = dlfm_load(&slots[i]);
		if (!slot)
			break;
		if (slot >> 32 != hash >> 32)
			continue;
		struct dlfm_journal_record *r = record_at(j, (slot & 0xffffffffu) * 8);
		if (is_wanted(r, w)) {
			__atomic_add_fetch(&r->count, 1, __ATOMIC_RELAXED);
			return;
		}
	}
	at = append(j, w);
	slot = 0;
	if (at && n < TABLE_PROBES)
		__atomic_compare_exchange_n(&slots[i], &slot, (hash >> 32 << 32) | at / 8, 0,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void dlfm_journal_add(struct dlfm_journal *j, enum dlfm_record_kind kind, unsigned ops, int err,
		      const char *a, size_t a_len, const char *b, size_t b_len)
{
	const struct wanted w = {kind, ops, err, a, b, a_len, b ? b_len : 0};

	if (!j || !dlfm_journal_ready(j))
		return;
	if (a_len + b_len > DLFM_JOURNAL_CHUNK / 2)
		dlfm_journal_lose(j);
	else if (kind == DLFM_REC_TRY || kind == DLFM_REC_SEARCH)
		append(j, &w);
	else
		merge(j, &w);
}

void dlfm_journal_count(struct dlfm_journal *j, enum dlfm_counter which)
{
	if (j && dlfm_journal_ready(j))
		__atomic_add_fetch(&j->file->counters[which], 1, __ATOMIC_RELAXED);
}
