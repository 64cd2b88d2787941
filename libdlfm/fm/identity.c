/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls after which the recorded answers may not be this process's any more: it has other rights,
 * or sees another tree of files. From then on it asks the file system; what it changes is still
 * marked.
 */
#include "libdlfm/fm/change.h"

#include <grp.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mount.h>

#include "libdlfm/sys.h"

static int became_other(int rc)
{
	if (rc >= 0)
		__atomic_store_n(&fm.answering, 0, __ATOMIC_RELEASE);
	return rc;
}

#define IDENTITY(name, params, args)                                                               \
	FM_EXPORT int name params                                                                  \
	{                                                                                          \
		return fm_on() ? became_other(REAL(name) args) : REAL(name) args;                  \
	}

IDENTITY(setuid, (uid_t uid), (uid))
IDENTITY(seteuid, (uid_t uid), (uid))
IDENTITY(setreuid, (uid_t ruid, uid_t euid), (ruid, euid))
IDENTITY(setresuid, (uid_t ruid, uid_t euid, uid_t suid), (ruid, euid, suid))
IDENTITY(setgid, (gid_t gid), (gid))
IDENTITY(setegid, (gid_t gid), (gid))
IDENTITY(setregid, (gid_t rgid, gid_t egid), (rgid, egid))
IDENTITY(setresgid, (gid_t rgid, gid_t egid, gid_t sgid), (rgid, egid, sgid))
IDENTITY(setfsuid, (uid_t uid), (uid))
IDENTITY(setfsgid, (gid_t gid), (gid))
IDENTITY(setgroups, (size_t n, const gid_t *groups), (n, groups))
IDENTITY(initgroups, (const char *user, gid_t group), (user, group))
IDENTITY(chroot, (const char *path), (path))
IDENTITY(setns, (int fd, int type), (fd, type))

FM_EXPORT int unshare(int flags)
{
	const int other_view = flags & (CLONE_NEWNS | CLONE_NEWUSER);

	return fm_on() && other_view ? became_other(REAL(unshare)(flags)) : REAL(unshare)(flags);
}

/* Nothing is mounted then; launchers of containers begin so, with "/" (mount(2)). */
static int changes_propagation(unsigned long flags)
{
	return !(flags & (MS_REMOUNT | MS_BIND)) &&
	       (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE));
}

/*
 * A launcher of a container is about to make a tree of files for itself, in mounts that are not those of the node: what it
 * finds and makes from now on is not what others see there. (That it got them by clone(2) was not to be seen.)
 */
static int is_away(void)
{
	struct stat ns;

	if (!fm.away && fm.image.header && fm.image.header->mount_ns &&
	    dlfm_sys_stat("/proc/self/ns/mnt", &ns) == 0 &&
	    /* analyzer: the kernel filled it, by a raw system call */
	    ns.st_ino != fm.image.header->mount_ns) {
		fm.away = 1;
		became_other(0);
	}
	return fm.away;
}

/* What is mounted hides what was there, for every process of the node. */
#define MOUNT_BODY(target, call)                                                                   \
	struct fm_change change;                                                                   \
                                                                                                   \
	if (!fm_on() || is_away())                                                                 \
		return call;                                                                       \
	fm_change_begin(&change, AT_FDCWD, target, FM_FOLLOW, DLFM_DIRTY_TREE);                    \
	return fm_change_end(&change, call)

FM_EXPORT int mount(const char *source, const char *target, const char *type, unsigned long flags,
		    const void *data)
{
	if (changes_propagation(flags)) {
		if (fm_on())
			is_away();
		return REAL(mount)(source, target, type, flags, data);
	}
	MOUNT_BODY(target, REAL(mount)(source, target, type, flags, data));
}

FM_EXPORT int umount(const char *target)
{
	MOUNT_BODY(target, REAL(umount)(target));
}

FM_EXPORT int umount2(const char *target, int flags)
{
	MOUNT_BODY(target, REAL(umount2)(target, flags));
}
