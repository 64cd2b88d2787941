/* SPDX-License-Identifier: BSD-3-Clause */
/* Further names of loaded objects: see loaded.h. */
#include "libdlfm/audit/loaded.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libdlfm/hash.h"

/* Where no slot is free a name is not kept. */
enum { SLOTS = 1024, PROBES = 16 };

static struct slot {
	uint64_t hash; /* of what was opened, or of a name; 64 bits stand for it */
	const struct link_map *map;
	const char *path; /* of a name; NULL: the hash is that of the path itself */
} slots[SLOTS];

static int is_loaded(const struct link_map *by, const struct link_map *map)
{
	const struct link_map *m;

	for (m = by; m; m = m->l_next)
		if (m == map)
			return 1;
	for (m = by; m; m = m->l_prev)
		if (m == map)
			return 1;
	return 0;
}

static uint64_t hash_of(const char *text)
{
	return dlfm_hash(text, strlen(text));
}

static void put(uint64_t hash, const struct link_map *map, const char *path)
{
	struct slot *slot;

	for (unsigned i = 0; i < PROBES; i++) {
		slot = &slots[(hash + i) % SLOTS];
		if (slot->map && !(slot->map == map && slot->hash == hash))
			continue;
		*slot = (struct slot){.hash = hash, .map = map, .path = path};
		return;
	}
}

static const struct slot *find(const struct link_map *by, uint64_t hash, int of_name)
{
	for (unsigned i = 0; i < PROBES; i++) {
		const struct slot *slot = &slots[(hash + i) % SLOTS];

		if (slot->map && slot->hash == hash && !slot->path == !of_name &&
		    is_loaded(by, slot->map))
			return slot;
	}
	return NULL;
}

void audit_loaded_opened(const struct link_map *map, const char *path)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (slots[i].map == map)
			slots[i].map = NULL;
	put(hash_of(path), map, NULL);
}

void audit_loaded_note(const struct link_map *by, const char *name, const char *path)
{
	const struct slot *slot = find(by, hash_of(path), 0);

	if (slot)
		put(hash_of(name), slot->map, path);
}

int audit_loaded_has(const struct link_map *by, const char *path)
{
	return find(by, hash_of(path), 0) != NULL;
}

const char *audit_loaded_path(const struct link_map *by, const char *name)
{
	const struct slot *slot = find(by, hash_of(name), 1);

	return slot ? slot->path : NULL;
}
