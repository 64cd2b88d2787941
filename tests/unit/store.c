/* SPDX-License-Identifier: BSD-3-Clause */
/* A user's store: what is refused, locks, temporaries of dead builders, removing; leases and sweeping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "cache-tools/lease.h"
#include "libdlfm/image.h"

#define ID1 "00112233445566778899aabbccddeeff"
#define ID2 "ffeeddccbbaa99887766554433221100"

static char dir[64], own[80];
static const char *dirs[] = {dir, NULL};
static struct dlfm_store s;
static struct dlfm_error e;

static int start(void **state)
{
	(void)state;
	strcpy(dir, "/var/tmp/dlfm-store.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(own, sizeof(own), "%s/dlfm-%u", dir, geteuid());
	s = (struct dlfm_store){.fd = -1, .leases = -1, .lock = -1};
	e.text[0] = '\0';
	return 0;
}

static int end(void **state)
{
	char command[200];

	(void)state;
	dlfm_store_close(&s);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void open_store(void)
{
	if (dlfm_store_open(&s, dir, geteuid(), DLFM_STORE_MAKE, &e) != 1)
		fail_msg("%s", e.text);
}

static int exists(const char *name)
{
	char path[400];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", own, name);
	return lstat(path, &st) == 0;
}

/* As much of an image as the store looks at. */
static void make_image(const char *id)
{
	struct dlfm_image_header h = {.magic = DLFM_IMAGE_MAGIC, .version = DLFM_IMAGE_VERSION};
	char path[200];
	unsigned byte, i;
	int fd;

	for (i = 0; i < 16; i++) {
		sscanf(id + 2 * i, "%2x", &byte);
		h.cache_id[i] = byte;
	}
	assert_int_equal(mkdirat(s.fd, id, 0700), 0);
	snprintf(path, sizeof(path), "%s/index", id);
	fd = openat(s.fd, path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, &h, sizeof(h)), sizeof(h));
	close(fd);
}

static void refused(const char *why)
{
	int rc = dlfm_store_open(&s, dir, geteuid(), DLFM_STORE_MAKE, &e);

	assert_int_equal(rc, -1);
	if (!strstr(e.text, why))
		fail_msg("refused with: %s", e.text);
	assert_int_equal(s.fd, -1);
}

/* ---- the store ---- */

static void made_and_found(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(dlfm_store_open(&s, dir, geteuid(), DLFM_STORE_LOOK, &e), 0);
	assert_int_equal(dlfm_store_open(&s, dir, geteuid(), DLFM_STORE_CHANGE, &e), 0);
	assert_int_equal(dlfm_store_open(&s, "/no/such", geteuid(), DLFM_STORE_CHANGE, &e), 0);
	assert_int_equal(dlfm_store_open(&s, "/no/such", geteuid(), DLFM_STORE_MAKE, &e), -1);
	assert_int_equal(dlfm_store_open(&s, "relative", geteuid(), DLFM_STORE_MAKE, &e), -1);
	open_store();
	assert_string_equal(s.path, own);
	assert_int_equal(stat(own, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	dlfm_store_close(&s);
	assert_int_equal(dlfm_store_open(&s, dir, geteuid(), DLFM_STORE_LOOK, &e), 1);
	assert_int_equal(s.lock, -1);
}

static void planted(void **state)
{
	char elsewhere[100];

	(void)state;
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", dir);
	assert_int_equal(mkdir(elsewhere, 0700), 0);
	assert_int_equal(symlink(elsewhere, own), 0);
	refused("not a directory");
	assert_int_equal(unlink(own), 0);
	close(open(own, O_CREAT | O_WRONLY, 0600));
	refused("not a directory");
	assert_int_equal(unlink(own), 0);
	assert_int_equal(mkdir(own, 0755), 0);
	refused("open to others");
	assert_int_equal(chmod(own, 0700), 0);
	strcat(own, "/leases");
	assert_int_equal(symlink(elsewhere, own), 0);
	refused("leases is not a directory");
	assert_int_equal(unlink(own), 0);
	*strrchr(own, '/') = '\0';
	strcat(own, "/lock");
	assert_int_equal(symlink("/etc/passwd", own), 0);
	refused("lock");
	assert_int_equal(unlink(own), 0);
}

static void bad_directory(void **state)
{
	(void)state;
	assert_int_equal(chmod(dir, 0777), 0);
	refused("not sticky");
	assert_int_equal(chmod(dir, 01777), 0);
	open_store();
	dlfm_store_close(&s);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(dir, 4711, -1), 0);
	refused("neither the user's nor root's");
}

/* Somebody else has the store's name: it gets another one, which all find, and keeps it as long as it holds something. */
static void squatted(void **state)
{
	char other[sizeof(s.path)], name[DLFM_STORE_NAME];
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(own, 0700), 0);
	assert_int_equal(chown(own, 4711, -1), 0);
	assert_int_equal(dlfm_store_open(&s, dir, 0, DLFM_STORE_LOOK, &e), 0);
	open_store();
	strcpy(other, s.path);
	assert_int_equal(strncmp(other, own, strlen(own)), 0);
	assert_int_equal(strlen(other), strlen(own) + 9);
	dlfm_store_close(&s);
	open_store();
	assert_string_equal(s.path, other);
	make_image(ID1);
	dlfm_store_close(&s);
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(dlfm_store_name(fd, 4711, 0, name, &e), 0);
	assert_int_equal(dlfm_store_name(fd, 0, 0, name, &e), 1);
	assert_string_equal(name, strrchr(other, '/') + 1);
	close(fd);
	assert_int_equal(rmdir(own), 0);
	assert_int_equal(dlfm_store_open(&s, dir, 0, DLFM_STORE_LOOK, &e), 1);
	assert_string_equal(s.path, other);
	dlfm_store_close(&s);
	assert_int_equal(dlfm_stage_sweep_all(dirs, &e), 1);
	assert_int_equal(access(other, F_OK), -1);
	open_store();
	assert_string_equal(s.path, own);
}

static void lock_is_one(void **state)
{
	struct dlfm_store other;

	(void)state;
	open_store();
	assert_int_equal(dlfm_store_lock(&s, &e), 0);
	assert_int_equal(dlfm_store_open(&other, dir, geteuid(), DLFM_STORE_CHANGE, &e), 1);
	assert_int_equal(flock(other.lock, LOCK_EX | LOCK_NB), -1);
	dlfm_store_unlock(&s);
	assert_int_equal(dlfm_store_lock(&other, &e), 0);
	dlfm_store_close(&other);
	assert_int_equal(dlfm_store_lock(&s, &e), 0);
}

static void retired(void **state)
{
	struct dlfm_store make, change;
	struct stat st;

	(void)state;
	open_store();
	assert_int_equal(dlfm_store_open(&make, dir, geteuid(), DLFM_STORE_MAKE, &e), 1);
	assert_int_equal(dlfm_store_open(&change, dir, geteuid(), DLFM_STORE_CHANGE, &e), 1);
	assert_int_equal(mkdirat(s.fd, ID1, 0700), 0);
	assert_int_equal(dlfm_store_lock(&s, &e), 0);
	dlfm_store_retire(&s);
	assert_int_equal(stat(own, &st), 0); /* it holds something */
	unlinkat(s.fd, ID1, AT_REMOVEDIR);
	dlfm_store_retire(&s);
	assert_int_equal(stat(own, &st), -1);
	dlfm_store_close(&s);
	/* who had it open notices */
	assert_int_equal(dlfm_store_lock(&change, &e), 1);
	assert_int_equal(dlfm_store_lock(&make, &e), 0);
	assert_int_equal(stat(own, &st), 0);
	dlfm_store_close(&make);
	dlfm_store_close(&change);
}

static void temporaries(void **state)
{
	char name[NAME_MAX + 1], dead[NAME_MAX + 1];
	int fd, builder;

	(void)state;
	open_store();
	fd = dlfm_store_temp(&s, ID1, name, &e);
	assert_true(fd >= 0);
	builder = dlfm_store_builder(&s, ID1);
	assert_true(builder >= 0);
	close(builder);
	assert_int_equal(dlfm_store_builder(&s, ID2), -1);
	close(dlfm_store_temp(&s, ID2, dead, &e)); /* its maker is gone */
	assert_int_equal(dlfm_store_builder(&s, ID2), -1);
	assert_int_equal(dlfm_store_discard_dead(&s), 1);
	assert_false(exists(dead));
	assert_true(exists(name));
	assert_int_equal(dlfm_store_empty(&s), 0);
	close(fd);
	assert_int_equal(dlfm_store_discard_dead(&s), 1);
	assert_int_equal(dlfm_store_empty(&s), 0);
	assert_int_equal(dlfm_store_lock(&s, &e), 0);
	dlfm_store_retire(&s);
	assert_int_equal(access(own, F_OK), -1);
}

/* Deep, with links that lead out, unwritable files. */
static void removing(void **state)
{
	char outside[100];
	int at, next, i;

	(void)state;
	snprintf(outside, sizeof(outside), "%s/outside", dir);
	close(open(outside, O_CREAT | O_WRONLY, 0600));
	open_store();
	assert_int_equal(mkdirat(s.fd, ID1, 0700), 0);
	at = openat(s.fd, ID1, O_RDONLY | O_DIRECTORY);
	for (i = 0; i < 200; i++) {
		assert_int_equal(symlinkat(outside, at, "file"), 0);
		assert_int_equal(symlinkat(dir, at, "up"), 0);
		close(openat(at, "f", O_CREAT | O_WRONLY, 0));
		assert_int_equal(mkdirat(at, "d", 0700), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
	}
	close(at);
	assert_int_equal(dlfm_store_discard(&s, ID1), 0);
	assert_false(exists(ID1));
	assert_int_equal(dlfm_store_empty(&s), 0);
	assert_int_equal(access(outside, F_OK), 0);
	dlfm_store_retire(&s);
	assert_int_equal(access(own, F_OK), -1);
}

static void images(void **state)
{
	(void)state;
	open_store();
	assert_int_equal(dlfm_store_has(&s, ID1, &e), 0);
	make_image(ID1);
	assert_int_equal(dlfm_store_has(&s, ID1, &e), 1);
	assert_int_equal(renameat(s.fd, ID1, s.fd, ID2), 0);
	assert_int_equal(dlfm_store_has(&s, ID2, &e), -1);
	assert_non_null(strstr(e.text, "not that of cache"));
	assert_int_equal(fchmodat(s.fd, ID2, 0711, 0), 0);
	assert_int_equal(dlfm_store_has(&s, ID2, &e), -1);
	assert_int_equal(symlinkat(ID2, s.fd, ID1), 0);
	assert_int_equal(dlfm_store_has(&s, ID1, &e), -1);
	assert_true(dlfm_store_is_id(ID1));
	assert_false(dlfm_store_is_id(ID1 "0"));
	assert_false(dlfm_store_is_id("0011223344556677889/aabbccddeeff"));
}

/* ---- leases ---- */

static void keys(void **state)
{
	static const char *const bad[] = {"", ".", "..", ".x", "a/b", "a b", "a\n", "../x", NULL};
	static const char *const good[] = {"1", "123.0", "123.batch", "a-b_c+d", NULL};
	char key[200];
	int i;

	(void)state;
	for (i = 0; bad[i]; i++)
		assert_int_equal(dlfm_lease_check_key(bad[i], &e), -1);
	for (i = 0; good[i]; i++)
		assert_int_equal(dlfm_lease_check_key(good[i], &e), 0);
	memset(key, 'k', sizeof(key));
	key[DLFM_LEASE_KEY_MAX] = '\0';
	assert_int_equal(dlfm_lease_check_key(key, &e), 0);
	key[DLFM_LEASE_KEY_MAX] = 'k';
	key[DLFM_LEASE_KEY_MAX + 1] = '\0';
	assert_int_equal(dlfm_lease_check_key(key, &e), -1);
}

static void find_and_release(void **state)
{
	char image[PATH_MAX], want[200];

	(void)state;
	open_store();
	make_image(ID1);
	make_image(ID2);
	assert_int_equal(dlfm_lease_find(dirs, geteuid(), "7.0", image, &e), 0);
	assert_int_equal(dlfm_lease_take(&s, "7.0", ID1, &e), 0);
	assert_int_equal(dlfm_lease_take(&s, "7.0", ID1, &e), 0);
	assert_int_equal(dlfm_lease_take(&s, "7.1", ID1, &e), 0);
	assert_int_equal(dlfm_lease_take(&s, "7.1", ID2, &e), 0); /* the step's second cache */
	assert_int_equal(dlfm_lease_take(&s, "77.0", ID1, &e), 0);
	assert_int_equal(dlfm_lease_find(dirs, geteuid(), "7.1", image, &e), 1);
	snprintf(want, sizeof(want), "%s/" ID2, own);
	assert_string_equal(image, want);
	assert_int_equal(dlfm_lease_find(dirs, geteuid(), "7", image, &e), 0);
	assert_true(dlfm_lease_find(dirs, geteuid() + 1, "7.1", image, &e) <= 0);
	assert_int_equal(dlfm_lease_release(dirs, "7", &e), 1); /* ID1 is 77.0's, too */
	assert_true(exists(ID1));
	assert_false(exists(ID2));
	assert_int_equal(dlfm_lease_release(dirs, "7", &e), 0);
	assert_int_equal(dlfm_lease_release(dirs, "77.0", &e), 1);
	assert_int_equal(access(own, F_OK), -1);
	assert_int_equal(dlfm_lease_release(dirs, "77.0", &e), 0);
}

static void planted_leases(void **state)
{
	static const char *const targets[] = {"/etc", "../../" ID1,  ".." ID1, "../" ID1 "/",
					      ID1,    "../" ID1 "0", NULL};
	char image[PATH_MAX];
	int i;

	(void)state;
	open_store();
	make_image(ID1);
	for (i = 0; targets[i]; i++) {
		assert_int_equal(symlinkat(targets[i], s.leases, "k"), 0);
		assert_int_equal(dlfm_lease_find(dirs, geteuid(), "k", image, &e), -1);
		assert_int_equal(unlinkat(s.leases, "k", 0), 0);
	}
	close(openat(s.leases, "k", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(dlfm_lease_find(dirs, geteuid(), "k", image, &e), -1);
	unlinkat(s.leases, "k", 0);
	assert_int_equal(symlinkat("../" ID2, s.leases, "k"), 0);
	assert_int_equal(dlfm_lease_find(dirs, geteuid(), "k", image, &e), 0);
}

/* A key of a process that has ended. */
static void key_of_child(char key[DLFM_LEASE_KEY_MAX + 1])
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		memset(key, 0, DLFM_LEASE_KEY_MAX + 1);
		dlfm_lease_own_key(key);
		_exit(write(fds[1], key, DLFM_LEASE_KEY_MAX + 1) < 0);
	}
	assert_int_equal(read(fds[0], key, DLFM_LEASE_KEY_MAX + 1), DLFM_LEASE_KEY_MAX + 1);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
}

static void dead_owners(void **state)
{
	char mine[DLFM_LEASE_KEY_MAX + 1], dead[DLFM_LEASE_KEY_MAX + 1], path[200];
	void *map;
	int fd;

	(void)state;
	dlfm_lease_own_key(mine);
	key_of_child(dead);
	assert_int_equal(dlfm_lease_check_key(mine, &e), 0);
	assert_false(dlfm_lease_owner_is_gone(mine));
	assert_true(dlfm_lease_owner_is_gone(dead));
	assert_false(dlfm_lease_owner_is_gone("7.0"));
	assert_false(dlfm_lease_owner_is_gone("replay-1"));
	strcpy(strrchr(dead, '-'), "-1"); /* another PID namespace */
	assert_false(dlfm_lease_owner_is_gone(dead));
	key_of_child(dead);
	open_store();
	make_image(ID1);
	make_image(ID2);
	assert_int_equal(dlfm_lease_take(&s, mine, ID1, &e), 0);
	assert_int_equal(dlfm_lease_take(&s, dead, ID2, &e), 0);
	/* what a process has mapped stays */
	snprintf(path, sizeof(path), ID2 "/index");
	fd = openat(s.fd, path, O_RDONLY);
	map = mmap(NULL, 10, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	assert_true(dlfm_is_mapped(&s, ID2));
	assert_int_equal(dlfm_stage_sweep(dirs, 0, &e), 0);
	assert_true(exists(ID2));
	munmap(map, 10);
	assert_int_equal(dlfm_stage_sweep(dirs, 0, &e), 1);
	assert_false(exists(ID2));
	assert_true(exists(ID1));
	assert_int_equal(dlfm_lease_release(dirs, mine, &e), 1);
}

static void sweeping(void **state)
{
	char path[PATH_MAX], kept[DLFM_LEASE_KEY_MAX + 1];

	(void)state;
	open_store();
	make_image(ID1);
	assert_int_equal(dlfm_stage_sweep(dirs, 3600, &e), 0); /* too young */
	assert_true(exists(ID1));
	assert_int_equal(dlfm_stage_sweep(dirs, 0, &e), 1);
	assert_int_equal(access(own, F_OK), -1);
	dlfm_store_close(&s);

	open_store();
	make_image(ID1);
	make_image(ID2);
	dlfm_lease_kept_key(kept, ID1);
	assert_int_equal(dlfm_lease_take(&s, kept, ID1, &e), 0);
	assert_int_equal(dlfm_lease_take(&s, "5.0", ID2, &e), 0);
	assert_int_equal(dlfm_journal_directory(dirs, "6.0", path, &e), 0);
	assert_int_equal(dlfm_journal_directory(dirs, "6.0", path, &e), 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(dlfm_stage_sweep(dirs, 3600, &e), 0);
	assert_int_equal(dlfm_stage_sweep(dirs, 0, &e), 2); /* the kept one and the journal */
	assert_false(exists(ID1));
	assert_true(exists(ID2));
	assert_int_equal(dlfm_journal_directory(dirs, "5.0", path, &e), 0);
	assert_int_equal(dlfm_journal_directory(dirs, "55.0", path, &e), 0);
	assert_int_equal(dlfm_lease_release(dirs, "5", &e), 1);
	assert_false(exists("journal.5.0"));
	assert_true(exists("journal.55.0"));
	dlfm_store_close(&s);

	open_store();
	make_image(ID1);
	assert_int_equal(dlfm_lease_take(&s, "5.0", ID1, &e), 0);
	assert_int_equal(dlfm_stage_sweep_all(dirs, &e), 2);
	assert_int_equal(access(own, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(made_and_found, start, end),
		cmocka_unit_test_setup_teardown(planted, start, end),
		cmocka_unit_test_setup_teardown(bad_directory, start, end),
		cmocka_unit_test_setup_teardown(squatted, start, end),
		cmocka_unit_test_setup_teardown(lock_is_one, start, end),
		cmocka_unit_test_setup_teardown(retired, start, end),
		cmocka_unit_test_setup_teardown(temporaries, start, end),
		cmocka_unit_test_setup_teardown(removing, start, end),
		cmocka_unit_test_setup_teardown(images, start, end),
		cmocka_unit_test_setup_teardown(keys, start, end),
		cmocka_unit_test_setup_teardown(find_and_release, start, end),
		cmocka_unit_test_setup_teardown(planted_leases, start, end),
		cmocka_unit_test_setup_teardown(dead_owners, start, end),
		cmocka_unit_test_setup_teardown(sweeping, start, end),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
