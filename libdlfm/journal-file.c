/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal's file: made, mapped, enlarged without a lock (growing twice is as good as once), and made anew by a fork
 * child.
 *
 * The writer's table lies in memory that the kernel wipes in a fork child (MADV_WIPEONFORK, Linux 4.14), and the first
 * word of it is how a child notices, without a system call, that it must start a journal of its own. A vfork child
 * shares its parent's memory and writes to its journal. On an older kernel a fork child goes on in its parent's journal.
 */
#include "libdlfm/journal-private.h"

#include <errno.h>
#include <string.h>

#include "libdlfm/sys.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

enum { FORKED = 0, STARTING, READY, DEAD }; /* table.state; the kernel's wipe makes it FORKED */

static struct dlfm_journal the_journal;

/* ---- the file and its space ---- */

/* The kernel raises SIGXFSZ for a file that would exceed the limit. */
static int size_allowed(uint64_t size)
{
	struct rlimit limit;

	/* analyzer: the kernel filled it, by a raw system call */
	return dlfm_sys_getrlimit(RLIMIT_FSIZE, &limit) != 0 || size <= limit.rlim_cur;
}

static void raise_allocated(struct dlfm_journal_header *h, uint64_t size)
{
	uint64_t old = dlfm_load(&h->allocated);

	while (old < size && !__atomic_compare_exchange_n(&h->allocated, &old, size, 0,
							  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
}

/* Makes the file `size` bytes long; it is opened by name since no descriptor may stay open. */
static int allocate(struct dlfm_journal *j, uint64_t size)
{
	int fd, rc = -1;

	if (size > j->limit || !size_allowed(size))
		return -1;
	fd = dlfm_sys_open(j->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0)
		return -1;
	if (dlfm_sys_fallocate(fd, 0, size) == 0) {
		raise_allocated(j->file, size);
		rc = 0;
	}
	dlfm_sys_close(fd);
	return rc;
}

/* Makes the file longer than `need`; where there is no space for that, just so long. */
static int grow(struct dlfm_journal *j, uint64_t need)
{
	const uint64_t now = dlfm_load(&j->file->allocated);
	uint64_t size = now + (now < DLFM_JOURNAL_CHUNK ? now : DLFM_JOURNAL_CHUNK);

	if (size < need)
		size = need;
	if (allocate(j, dlfm_round_up(size, 4096)) == 0)
		return 0;
	return allocate(j, dlfm_round_up(need, 4096));
}

void dlfm_journal_lose(struct dlfm_journal *j)
{
	__atomic_or_fetch(&j->file->flags, DLFM_JOURNAL_LOST, __ATOMIC_RELAXED);
}

/* Offset of `size` bytes that may be written, 0 if there are none. */
uint64_t dlfm_journal_reserve(struct dlfm_journal *j, uint64_t size)
{
	struct dlfm_journal_header *h = j->file;
	uint64_t at;

	if (dlfm_load(&h->flags) & DLFM_JOURNAL_LOST || dlfm_load(&h->tail) + size > j->limit) {
		dlfm_journal_lose(j);
		return 0;
	}
	at = __atomic_fetch_add(&h->tail, size, __ATOMIC_RELAXED);
	if (at + size > dlfm_load(&h->allocated) && grow(j, at + size) != 0) {
		dlfm_journal_lose(j);
		return 0;
	}
	return at;
}

/* ---- starting ---- */

static char *put(char *to, const char *s)
{
	const size_t n = strlen(s);

	memcpy(to, s, n + 1);
	return to + n;
}

static char *put_number(char *to, uint64_t n, unsigned base)
{
	char digits[24];
	unsigned i = sizeof(digits);

	digits[--i] = '\0';
	do
		digits[--i] = "0123456789abcdef"[n % base];
	while (n /= base);
	return put(to, digits + i);
}

static int set_path(struct dlfm_journal *j, uint64_t start_ns)
{
	char *p = j->path;

	if (strlen(j->dir) + 64 > sizeof(j->path))
		return -1;
	p = put(p, j->dir);
	p = put(p, j->layer == DLFM_LAYER_DL ? "/dl-" : "/fm-");
	p = put_number(p, dlfm_sys_getpid(), 10);
	p = put(p, "-");
	p = put_number(p, start_ns, 16);
	put(p, ".journal");
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec ts = {0};

	dlfm_sys_clock(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A new file; its descriptor, and its start time. */
static int create(struct dlfm_journal *j, uint64_t *start_ns)
{
	int fd = -EEXIST;

	for (int i = 0; fd == -EEXIST && i < 8; i++) {
		*start_ns = now_ns();
		if (set_path(j, *start_ns) != 0)
			return -1;
		fd = dlfm_sys_open(j->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
				   0600);
	}
	return fd;
}

/* The whole 64 MiB are mapped at once, where RLIMIT_AS allows; pages exist only as the file grows.
 */
static struct dlfm_journal_header *map_file(int fd, uint64_t *limit)
{
	struct dlfm_journal_header *h = NULL;

	for (uint64_t size = DLFM_JOURNAL_MAX; !h && size >= DLFM_JOURNAL_CHUNK; size /= 4) {
		*limit = size;
		h = dlfm_sys_mmap(size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd);
	}
	return h;
}

/* The strings behind the header, in their order. */
enum { PROGRAM, LIBRARY_PATH, TUNABLES, NODE, CWD, N_STRINGS };

static void fill_header(struct dlfm_journal *j, struct dlfm_journal_header *h, uint64_t start_ns,
			const char *const strings[N_STRINGS])
{
	char *p = (char *)(h + 1);

	memset(h, 0, sizeof(*h));
	h->version = DLFM_JOURNAL_VERSION;
	h->layer = j->layer;
	h->flags = j->flags;
	h->pid = dlfm_sys_getpid();
	h->ppid = dlfm_sys_getppid();
	h->start_ns = start_ns;
	h->hwcaps = j->hwcaps;
	h->ld_cache = j->ld_cache;
	for (int i = 0; i < N_STRINGS; i++)
		p = put(p, strings[i]) + 1;
	h->strings = (uint32_t)(p - (char *)(h + 1));
	h->tail = dlfm_round_up(sizeof(*h) + h->strings, 8);
	/* Last: a reader that sees the magic sees the rest. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	memcpy(h->magic, DLFM_JOURNAL_MAGIC, sizeof(h->magic));
}

/* Creates and maps the file and fills its header. */
static int start_file(struct dlfm_journal *j, const char *const strings[N_STRINGS])
{
	uint64_t start_ns, limit, size = sizeof(struct dlfm_journal_header) + 8;
	struct dlfm_journal_header *h;
	int fd;

	for (int i = 0; i < N_STRINGS; i++)
		size += strlen(strings[i]) + 1;
	size = dlfm_round_up(size, DLFM_JOURNAL_FIRST);

	fd = size_allowed(size) ? create(j, &start_ns) : -1;
	if (fd < 0)
		return -1;
	if (dlfm_sys_fallocate(fd, 0, size) != 0)
		goto fail;
	h = map_file(fd, &limit);
	if (!h || size > limit)
		goto fail;
	dlfm_sys_close(fd);
	fill_header(j, h, start_ns, strings);
	h->allocated = size;
	j->limit = limit;
	j->file = h;
	return 0;
fail:
	dlfm_sys_close(fd);
	dlfm_sys3(SYS_unlinkat, AT_FDCWD, (long)j->path, 0);
	return -1;
}

static struct dlfm_journal_table *new_table(void)
{
	const size_t size = dlfm_round_up(sizeof(struct dlfm_journal_table), 4096);
	struct dlfm_journal_table *t = dlfm_sys_mmap(
		size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (t)
		dlfm_sys_madvise(t, size, MADV_WIPEONFORK);
	return t;
}

/* What the caller does not say of the process is found out. */
static int start_process(struct dlfm_journal *j, const struct dlfm_journal_process *p)
{
	struct utsname node = {0};
	char program[PATH_MAX], cwd[PATH_MAX];
	const long n = dlfm_sys_readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n > 0 ? n : 0] = '\0';
	if (dlfm_sys_getcwd(cwd, sizeof(cwd)) <= 0)
		cwd[0] = '\0';
	dlfm_sys_uname(&node);
	const char *const strings[N_STRINGS] = {
		[PROGRAM] = program,
		[LIBRARY_PATH] = p->ld_library_path ? p->ld_library_path : "\1",
		[TUNABLES] = p->tunables ? p->tunables : "\1",
		[NODE] = node.nodename,
		[CWD] = cwd,
	};

	return start_file(j, strings);
}

struct dlfm_journal *dlfm_journal_open(const char *dir, const struct dlfm_journal_process *process)
{
	struct dlfm_journal *j = &the_journal;

	if (j->table || strlen(dir) >= sizeof(j->dir))
		return NULL;
	put(j->dir, dir);
	j->layer = process->layer;
	j->flags = process->flags;
	j->hwcaps = process->hwcaps;
	j->ld_cache = process->ld_cache;
	j->table = new_table();
	if (!j->table)
		return NULL;
	if (start_process(j, process) != 0) {
		dlfm_store(&j->table->state, DEAD);
		return NULL;
	}
	dlfm_store(&j->table->state, READY);
	return j;
}

/* The child's strings are its parent's but for the working directory: the environment itself may be
 * overwritten by now. */
static int start_child(struct dlfm_journal *j)
{
	const char *strings[N_STRINGS], *p = (const char *)(j->file + 1);
	char here[PATH_MAX];

	for (int i = 0; i < N_STRINGS; i++) {
		strings[i] = p;
		p += strlen(p) + 1;
	}
	if (dlfm_sys_getcwd(here, sizeof(here)) > 0)
		strings[CWD] = here;
	return start_file(j, strings);
}

/* A thread waits for the one that starts the journal; a signal handler may have interrupted just
 * that one, and gives up after some milliseconds. */
static int wait_ready(const struct dlfm_journal_table *t)
{
	uint32_t state = dlfm_load(&t->state);

	for (int i = 0; state == STARTING && i < 10000; i++) {
		dlfm_sys3(SYS_sched_yield, 0, 0, 0);
		state = dlfm_load(&t->state);
	}
	return state == READY;
}

/*
 * In a fork child the first caller starts the child's journal. The parent's mapping is left: it
 * would be wrong to unmap what a vfork child shares.
 */
int dlfm_journal_ready(struct dlfm_journal *j)
{
	uint32_t state = dlfm_load(&j->table->state);

	if (state == READY)
		return 1;
	if (state == DEAD)
		return 0;
	if (state != FORKED || !__atomic_compare_exchange_n(&j->table->state, &state, STARTING, 0,
							    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return wait_ready(j->table);
	if (start_child(j) != 0) {
		dlfm_store(&j->table->state, DEAD);
		return 0;
	}
	dlfm_store(&j->table->state, READY);
	return 1;
}
