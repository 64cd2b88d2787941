/* SPDX-License-Identifier: BSD-3-Clause */
/* Which file systems are shared between nodes: by the type's name where the mount is found, else by statfs's number. */
#include "config.h"

#include "cache-tools/file-systems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

struct known {
	uint64_t dev;
	int shared;
};

struct dlfm_file_systems {
	const struct dlfm_policy *policy;
	struct known *known;
	size_t n;
};

/* As /proc/mounts calls them; a type with a subtype ("fuse.sshfs") is also looked for without it. */
static const char *const shared_types[] = {
	"9p",	 "acfs", "afs",	   "beegfs",   "ceph",	 "cifs",   "coda",    "dvs",
	"fuse",	 "gfs",	 "gfs2",   "gpfs",     "kafs",	 "lustre", "mmfs",    "ncpfs",
	"nfs",	 "nfs4", "ocfs2",  "orangefs", "panfs",	 "pvfs2",  "quobyte", "smb3",
	"smbfs", "snfs", "vboxsf", "virtiofs", "vmhgfs", "vxfs",   "wekafs",  NULL,
};

/* FUSE as a way to mount a node's own disk or image. */
static const char *const local_types[] = {
	"fuseblk",
	"fuse.squashfuse",
	"fuse.squashfuse_ll",
	"fuse.fuse-overlayfs",
	"fuse.lxcfs",
	"fusectl",
	NULL,
};

/* f_type of statfs(2): <linux/magic.h>, and what the file systems' own sources say. */
static const uint32_t shared_magic[] = {
	0x6969,	    /* NFS */
	0x0bd00bd0, /* Lustre */
	0x47504653, /* GPFS */
	0x19830326, /* BeeGFS */
	0x00c36400, /* Ceph */
	0x65735546, /* FUSE */
	0x01021997, /* 9p */
	0xff534d42, /* CIFS */
	0xfe534d42, /* SMB2 */
	0x517b,	    /* SMB */
	0x5346414f, /* AFS */
	0x6b414653, /* kAFS */
	0x73757245, /* Coda */
	0xaad7aaea, /* PanFS */
	0x7461636f, /* OCFS2 */
	0x01161970, /* GFS2 */
	0xbeefdead, /* StorNext */
	0x20030528, /* OrangeFS */
	0x61636673, /* ACFS */
	0,
};

static int is_in(const char *const *list, const char *type)
{
	for (; *list; list++)
		if (strcmp(*list, type) == 0)
			return 1;
	return 0;
}

/* 1 shared, 0 local, -1 not known by this name. */
static int by_type(const struct dlfm_policy *policy, const char *type)
{
	char base[64];

	if (dlfm_patterns_have(&policy->local_types, type))
		return 0;
	if (dlfm_patterns_have(&policy->shared_types, type))
		return 1;
	if (is_in(local_types, type))
		return 0;
	snprintf(base, sizeof(base), "%.*s", (int)strcspn(type, "."), type);
	return is_in(shared_types, base) ? 1 : -1;
}

static int by_magic(const char *path)
{
	const uint32_t *magic;
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return 0;
	for (magic = shared_magic; *magic; magic++)
		if (*magic == (uint32_t)fs.f_type)
			return 1;
	return 0;
}

static int add(struct dlfm_file_systems *f, uint64_t dev, int shared)
{
	struct known *known = reallocarray(f->known, f->n + 1, sizeof(*known));

	if (!known)
		return -1;
	f->known = known;
	known[f->n++] = (struct known){.dev = dev, .shared = shared};
	return 0;
}

/* proc(5): "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw" */
static void read_mounts(struct dlfm_file_systems *f)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, type[64];
	unsigned major, minor;
	size_t size = 0;

	while (mounts && getline(&line, &size, mounts) > 0) {
		const char *dash = strstr(line, " - ");
		int shared;

		if (sscanf(line, "%*d %*d %u:%u", &major, &minor) != 2 || !dash ||
		    sscanf(dash, " - %63s", type) != 1)
			continue;
		shared = by_type(f->policy, type);
		if (shared >= 0)
			add(f, makedev(major, minor), shared);
	}
	free(line);
	if (mounts)
		fclose(mounts);
}

struct dlfm_file_systems *dlfm_file_systems_new(const struct dlfm_policy *policy)
{
	struct dlfm_file_systems *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->policy = policy;
	read_mounts(f);
	return f;
}

void dlfm_file_systems_free(struct dlfm_file_systems *f)
{
	if (!f)
		return;
	free(f->known);
	free(f);
}

int dlfm_file_system_is_shared(struct dlfm_file_systems *f, uint64_t dev, const char *path)
{
	size_t i;
	int shared;

	for (i = 0; i < f->n; i++)
		if (f->known[i].dev == dev)
			return f->known[i].shared;
	shared = by_magic(path);
	add(f, dev, shared);
	return shared;
}
