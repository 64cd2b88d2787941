/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Presets. Sources of the figures are named in dlfm-slowfs(1); change both together.
 */
#include <string.h>

#include "bench/slowfs/options.h"

#define US 1000u
#define GB 1000000000u

static const struct {
	const char *name;
	struct slowfs_cache cache;
} caches[] = {
	{"none", {.keep_pages = 0}},
	/* nfs(5): acregmin 3, acdirmin 30; lookupcache=all keeps names, also absent ones, as long
	 * as the directory's attributes; close-to-open: pages survive if the attributes did not
	 * change. */
	{"nfs", {.attr_file = 3, .attr_dir = 30, .entry = 30, .negative = 30, .keep_pages = 1}},
	/* Locks instead of time-outs: what no one changes stays. */
	{"lustre",
	 {.attr_file = 3600, .attr_dir = 3600, .entry = 3600, .negative = 3600, .keep_pages = 1}},
};

static const struct {
	const char *name, *cache;
	struct slowfs_model model;
} presets[] = {
	{"nfs",
	 "nfs",
	 {.service_ns = 20 * US,
	  .data_service_ns = 20 * US,
	  .latency_ns = 250 * US,
	  .bandwidth = GB + GB / 4,
	  .one_queue = 1}},
	{"lustre",
	 "lustre",
	 {.service_ns = 2 * US,
	  .data_service_ns = 2 * US,
	  .latency_ns = 200 * US,
	  .bandwidth = 10ull * GB}},
	{"busy-lustre",
	 "lustre",
	 {.service_ns = 20 * US,
	  .data_service_ns = 20 * US,
	  .latency_ns = 500 * US,
	  .bandwidth = 2ull * GB}},
};

int slowfs_cache_preset(const char *name, struct slowfs_cache *cache)
{
	for (unsigned i = 0; i < sizeof(caches) / sizeof(caches[0]); i++) {
		if (strcmp(caches[i].name, name) == 0) {
			*cache = caches[i].cache;
			return 0;
		}
	}
	return -1;
}

int slowfs_preset(const char *name, struct slowfs_model *model, struct slowfs_cache *cache)
{
	for (unsigned i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
		if (strcmp(presets[i].name, name) == 0) {
			*model = presets[i].model;
			return slowfs_cache_preset(presets[i].cache, cache);
		}
	}
	return -1;
}
