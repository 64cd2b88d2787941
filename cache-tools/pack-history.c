/* SPDX-License-Identifier: BSD-3-Clause */
/* What pack knows of lookups and reasons goes into the cache. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/pack-private.h"

/* The kind and the size of what a path leads to, as pack saw it. */
static void fill(const struct pack *p, struct dlfm_history_path *h)
{
	uint32_t i = dlfm_cache_find(p->cache, h->path, h->len);
	const struct dlfm_cache_entry *entry;

	if (i == DLFM_NONE || p->cache->entries[i].canon == DLFM_NONE)
		return;
	entry = &p->cache->entries[p->cache->entries[i].canon];
	if (entry->lerr)
		return;
	if (S_ISDIR(entry->st.mode))
		h->flags |= DLFM_HISTORY_DIRECTORY;
	else if (h->flags & DLFM_HISTORY_OPENED)
		h->size = entry->st.size;
}

/* A directory that does not answer, of which nobody has told yet. */
static int tell_directory(struct pack *p, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	struct dlfm_history_path *h;

	if (entry->canon != i || (entry->flags & DLFM_ENTRY_KNOWN) || !p->notes[i].ops ||
	    !pack_is_dir(p, i))
		return 0;
	h = dlfm_history_path(p->history, entry->path, entry->path_len);
	if (h && h->why == DLFM_NOT_LEFT_OUT)
		h->why = p->notes[i].flags & NOTE_LIVE ? DLFM_LEFT_LIVE : DLFM_LEFT_NO_CODE;
	return h ? 0 : -1;
}

int dlfm_pack_history(struct pack *p)
{
	char *text;
	uint32_t i;

	if (!p->history)
		return 0;
	for (i = 0; i < p->cache->n_entries; i++)
		if (tell_directory(p, i) < 0)
			return pack_no_memory(p);
	for (i = 0; i < p->history->n; i++)
		fill(p, &p->history->paths[i]);
	text = dlfm_history_write(p->history);
	p->cache->history = text ? dlfm_cache_text(p->cache, text, strlen(text)) : NULL;
	free(text);
	return p->cache->history ? 0 : pack_no_memory(p);
}
