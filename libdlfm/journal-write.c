/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal's writer. No lock anywhere: space is reserved by an addition to `tail`, growing is
 * idempotent, and equal records are found by a table of offsets that are set by compare and swap. A
 * race costs a second equal record at worst.
 *
 * The table lies in memory that the kernel wipes in a fork child (MADV_WIPEONFORK, Linux 4.14), and
 * the first word of it is how a child notices, without a system call, that it must start a journal
 * of its own. A vfork child shares its parent's memory and writes to its journal. On an older
 * kernel a fork child goes on in its parent's journal.
 */
#include "libdlfm/journal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "libdlfm/hash.h"
#include "libdlfm/sys.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define TABLE_SLOTS  65536u
#define TABLE_PROBES 16u

enum { FORKED = 0, STARTING, READY, DEAD }; /* table.state; the kernel's wipe makes it FORKED */

struct table {
	uint32_t state;
	uint32_t reserved;
	uint64_t slots[TABLE_SLOTS]; /* hash's high half, record's offset / 8; 0: free */
};

struct dlfm_journal {
	struct dlfm_journal_header
		*file; /* mapped up to `limit` bytes, written up to file->allocated */
	uint64_t limit;
	struct table *table;
	uint32_t layer, flags; /* for a fork child's journal */
	uint64_t hwcaps;
	char dir[PATH_MAX];
	char path[PATH_MAX];
};

static struct dlfm_journal the_journal;

#define load(p)	    __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/* ---- the file and its space ---- */

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* The kernel raises SIGXFSZ for a file that would exceed the limit. */
static int size_allowed(uint64_t size)
{
	struct rlimit limit;

	return dlfm_sys_getrlimit(RLIMIT_FSIZE, &limit) != 0 || size <= limit.rlim_cur;
}

static void raise_allocated(struct dlfm_journal_header *h, uint64_t size)
{
	uint64_t old = load(&h->allocated);

	while (old < size && !__atomic_compare_exchange_n(&h->allocated, &old, size, 0,
							  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
}

/* Makes the file at least `need` bytes long; the file is opened by name since no descriptor may
 * stay open. */
static int grow(struct dlfm_journal *j, uint64_t need)
{
	const uint64_t size = round_up(need, DLFM_JOURNAL_CHUNK);
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

static void lose(struct dlfm_journal *j)
{
	__atomic_or_fetch(&j->file->flags, DLFM_JOURNAL_LOST, __ATOMIC_RELAXED);
}

/* Offset of `size` bytes that may be written, 0 if there are none. */
static uint64_t reserve(struct dlfm_journal *j, uint64_t size)
{
	struct dlfm_journal_header *h = j->file;
	uint64_t at;

	if (load(&h->flags) & DLFM_JOURNAL_LOST || load(&h->tail) + size > j->limit) {
		lose(j);
		return 0;
	}
	at = __atomic_fetch_add(&h->tail, size, __ATOMIC_RELAXED);
	if (at + size > load(&h->allocated) && grow(j, at + size) != 0) {
		lose(j);
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
	for (int i = 0; i < N_STRINGS; i++)
		p = put(p, strings[i]) + 1;
	h->strings = (uint32_t)(p - (char *)(h + 1));
	h->tail = round_up(sizeof(*h) + h->strings, 8);
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
	size = round_up(size, DLFM_JOURNAL_CHUNK);

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

static struct table *new_table(void)
{
	const size_t size = round_up(sizeof(struct table), 4096);
	struct table *t = dlfm_sys_mmap(size, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (t)
		dlfm_sys_madvise(t, size, MADV_WIPEONFORK);
	return t;
}

static int start_process(struct dlfm_journal *j, const struct dlfm_journal_process *p)
{
	const char *const strings[N_STRINGS] = {
		[PROGRAM] = p->program ? p->program : "",
		[LIBRARY_PATH] = p->ld_library_path ? p->ld_library_path : "\1",
		[TUNABLES] = p->tunables ? p->tunables : "\1",
		[NODE] = p->node ? p->node : "",
		[CWD] = p->cwd ? p->cwd : "",
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
	j->table = new_table();
	if (!j->table)
		return NULL;
	if (start_process(j, process) != 0) {
		store(&j->table->state, DEAD);
		return NULL;
	}
	store(&j->table->state, READY);
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

/*
 * In a fork child the first caller starts the child's journal. One that comes meanwhile (a signal
 * handler, another thread) does without. The parent's mapping is left: it would be wrong to unmap
 * what a vfork child shares.
 */
static int ready(struct dlfm_journal *j)
{
	uint32_t state = load(&j->table->state);

	if (state == READY)
		return 1;
	if (state != FORKED || !__atomic_compare_exchange_n(&j->table->state, &state, STARTING, 0,
							    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return 0;
	if (start_child(j) != 0) {
		store(&j->table->state, DEAD);
		return 0;
	}
	store(&j->table->state, READY);
	return 1;
}

/* ---- records ---- */

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
		round_up(sizeof(struct dlfm_journal_record) + w->a_len + w->b_len + 2, 8);
	const uint64_t at = reserve(j, size);
	struct dlfm_journal_record *r;

	if (!at)
		return 0;
	r = record_at(j, at);
	store(&r->mark, DLFM_RECORD_MARK ^ (uint32_t)at);
	r->size = (uint32_t)size;
	r->ops = (uint16_t)w->ops;
	r->err = w->err;
	r->count = 1;
	r->thread = dlfm_sys_gettid();
	r->a_len = (uint32_t)w->a_len;
	r->b_len = (uint32_t)w->b_len;
	write_string((char *)(r + 1), w->a, w->a_len);
	write_string((char *)(r + 1) + w->a_len + 1, w->b, w->b_len);
	store(&r->kind, (uint16_t)w->kind);
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
		slot = load(&slots[i]);
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

	if (!j || !ready(j))
		return;
	if (a_len + b_len > DLFM_JOURNAL_CHUNK / 2)
		lose(j);
	else if (kind == DLFM_REC_TRY || kind == DLFM_REC_SEARCH)
		append(j, &w);
	else
		merge(j, &w);
}

void dlfm_journal_count(struct dlfm_journal *j, enum dlfm_counter which)
{
	if (j && ready(j))
		__atomic_add_fetch(&j->file->counters[which], 1, __ATOMIC_RELAXED);
}
