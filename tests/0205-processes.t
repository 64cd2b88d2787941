#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0205-processes: fork, vfork, posix_spawn, close_range, threads, signal handlers, shells, multiprocessing: as without DLFM
# time-limit: 180
. "$(dirname "$0")/fm-lib.sh"
need "${CC%% *}"

mkdir -p "$sw/bin" "$sw/lib"
echo 'x = 5' >"$sw/lib/mod.py"
for n in $(seq 40); do echo "n$n" >"$sw/lib/f$n"; done
printf '#!/bin/sh\necho "script $1"\n' >"$sw/bin/script"
chmod 755 "$sw/bin/script"

# same NAME CMD...: the same plain, recording, replaying, and replaying with a journal
same() {
	local name=$1 plain
	shift
	run "$@"
	plain=$rc:$out:$err
	[ -n "$out" ] || { fail "$name: plain" "status $rc" "$err"; return; }
	rm -f "$journals"/*
	record "$@"
	is "$rc:$out:$err" "$plain" "$name: recording"
	seal -a "$sw/none"
	replay "$@"
	is "$rc:$out:$err" "$plain" "$name: replaying"
	rm -f "$journals"/*
	replay_noted "$@"
	is "$rc:$out:$err" "$plain" "$name: replaying with a journal"
}

prog "$scratch/children" '
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
static char path[4096], none[4096], made[4096];
static void ask(const char *who)
{
	struct stat st;
	int fd = open(path, O_RDONLY), rc = stat(none, &st);
	printf("%s: %d %d %d %d\n", who, fd >= 0, rc, errno, stat(path, &st));
	fflush(stdout);
	close(fd);
}
int main(int argc, char **argv)
{
	char *const sh[] = {"sh", "-c", "cat \"$0\"; test -e \"$1\" || echo none; echo \"$2\" | cat", path, none, "pipe", NULL};
	int status, i, before, after;
	struct stat st;
	pid_t pid;
	(void)argc;
	snprintf(path, sizeof(path), "%s/lib/f1", argv[1]);
	snprintf(none, sizeof(none), "%s/none", argv[1]);
	snprintf(made, sizeof(made), "%s/made", argv[1]);
	ask("first");
	if (fork() == 0) { ask("child"); _exit(3); }
	wait(&status);
	printf("forked %d\n", WEXITSTATUS(status));
	fflush(stdout);
	/* A vfork child looks up, changes its directory, executes: the parent is not touched. */
	pid = vfork();
	if (pid == 0) {
		int fd = open(path, O_RDONLY);
		close(fd);
		chdir("/");
		stat("etc", &st);
		execvp("sh", sh);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	printf("vforked %d\n", status);
	ask("after vfork");
	if (chdir(argv[1]) == 0 && stat("lib/f2", &st) == 0 && stat("none", &st) < 0)
		printf("relative %ld\n", (long)st.st_size);
	if (fork() == 0) { chdir("lib"); printf("child in lib %d\n", stat("f3", &st)); fflush(stdout); _exit(0); }
	wait(&status);
	printf("still here %d\n", stat("lib/f3", &st));
	fflush(stdout);
	i = posix_spawnp(&pid, "sh", NULL, NULL, sh, environ);
	waitpid(pid, &status, 0);
	printf("spawn %d %d\n", i, status);
	printf("system %d\n", (fflush(stdout), system("echo system")));
	{
		char line[100] = "";
		FILE *p = popen("echo popen", "r");
		fgets(line, sizeof(line), p);
		printf("%s%d\n", line, pclose(p));
	}
	/* No descriptor is ours: closing them all, or having few, does no harm. */
	for (before = 0, i = 3; i < 100; i++) before += fcntl(i, F_GETFD) >= 0;
	for (i = 0; i < 100; i++) { stat(path, &st); stat(none, &st); }
	for (after = 0, i = 3; i < 100; i++) after += fcntl(i, F_GETFD) >= 0;
	printf("descriptors %d\n", after - before);
	syscall(SYS_close_range, 3, ~0u, 0);
	ask("after close_range");
	/* Without the environment nothing is injected. */
	if (fork() == 0) { char *none_at_all[] = {NULL}; execve("/bin/sh", sh, none_at_all); _exit(9); }
	wait(&status);
	printf("bare %d\n", status);
	/* What a child makes is seen. */
	if (fork() == 0) { int fd = open(none, O_WRONLY | O_CREAT, 0600); write(fd, "12345", 5); _exit(0); }
	wait(&status);
	printf("made %d %ld\n", stat(none, &st), (long)st.st_size);
	unlink(none);
	printf("gone %d\n", stat(none, &st));
	return 0;
}' -Wno-unused-result -Wno-discarded-qualifiers
same "children" "$scratch/children" "$sw"

# Threads that look up while others change, and a signal handler that does both, at any moment.
prog "$scratch/threads" '
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static char dir[3000];
static volatile int wrong, stop;
static volatile long handled;
static void check(int ok) { if (!ok) wrong++; }
static void *reader(void *arg)
{
	char path[4096];
	struct stat st;
	for (int i = 0; i < 4000; i++) {
		snprintf(path, sizeof(path), "%s/lib/f%d", dir, 1 + i % 40);
		check(stat(path, &st) == 0 && st.st_size >= 3);
		int fd = open(path, O_RDONLY);
		struct stat by_fd;
		check(fd >= 0 && fstat(fd, &by_fd) == 0 && by_fd.st_ino == st.st_ino);
		close(fd);
		snprintf(path, sizeof(path), "%s/lib/f%d/x", dir, 1 + i % 40);
		check(stat(path, &st) < 0 && errno == ENOTDIR);
		if (i % 100 == 0) {
			DIR *d = opendir(dir);
			int n = 0;
			while (readdir(d)) n++;
			check(n >= 4);
			closedir(d);
		}
	}
	return arg;
}
static void *writer(void *arg)
{
	char path[4096];
	struct stat st;
	for (int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "%s/new%ld-%d", dir, (long)arg, i);
		check(stat(path, &st) < 0);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		check(fd >= 0);
		close(fd);
		check(stat(path, &st) == 0);
		check(unlink(path) == 0);
		check(stat(path, &st) < 0);
	}
	return arg;
}
static void handler(int sig)
{
	char path[3100];
	struct stat st;
	int saved = errno, n;
	(void)sig;
	for (n = 0; dir[n]; n++) path[n] = dir[n];
	path[n++] = 47; path[n++] = 108; path[n++] = 105; path[n++] = 98; path[n] = 0; /* /lib */
	check(stat(path, &st) == 0);
	check(access(path, R_OK) == 0);
	path[n++] = 47; path[n++] = 35; path[n] = 0; /* /# */
	check(stat(path, &st) < 0);
	handled++;
	errno = saved;
}
int main(int argc, char **argv)
{
	pthread_t t[6];
	struct itimerval every = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
	struct sigaction act = {.sa_handler = handler, .sa_flags = SA_RESTART};
	(void)argc;
	snprintf(dir, sizeof(dir), "%s", argv[1]);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	for (long i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, i < 4 ? reader : writer, (void *)i);
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	/* Threads and fork together */
	for (int i = 0; i < 10; i++) {
		pthread_create(&t[0], NULL, writer, (void *)(100L + i));
		pid_t pid = fork();
		if (pid == 0) { struct stat st; _exit(stat(dir, &st)); }
		int status;
		while (waitpid(pid, &status, 0) < 0) ;
		check(status == 0);
		pthread_join(t[0], NULL);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	printf("wrong %d handled %d\n", wrong, handled > 10);
	return 0;
}' -pthread -Wno-unused-result
same "threads and a signal handler" "$scratch/threads" "$sw"

# The smallest stack that a thread may have: 16 KiB, of which libc, signal frames and ld.so take their part.
prog "$scratch/small" '
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
static int results[40], n;
static void *work(void *arg)
{
	int *r = results, fd;
	char target[64];
	struct stat st;
	DIR *d;
	*r++ = stat("lib/f1", &st); *r++ = stat("none", &st); *r++ = access("lib/../lib/f2", R_OK);
	fd = open("lib/f1", O_RDONLY); *r++ = close(fd);
	fd = open("new", O_WRONLY | O_CREAT, 0600); *r++ = close(fd);
	*r++ = rename("new", "lib/newer"); *r++ = stat("lib/newer", &st); *r++ = link("lib/newer", "hard");
	*r++ = unlink("hard"); *r++ = chmod("lib/newer", 0640); *r++ = truncate("lib/newer", 3); *r++ = unlink("lib/newer");
	*r++ = mkdir("directory", 0700); *r++ = rmdir("directory");
	*r++ = symlink("target", "link"); *r++ = (int)readlink("link", target, sizeof(target)); *r++ = unlink("link");
	d = opendir("lib"); *r++ = d && readdir(d) ? closedir(d) : 9;
	*r++ = chdir("lib"); *r++ = stat("f3", &st); *r++ = chdir("..");
	n = (int)(r - results);
	return arg;
}
int main(int argc, char **argv)
{
	long least = sysconf(_SC_THREAD_STACK_MIN);
	pthread_attr_t attr;
	pthread_t t;
	if (chdir(argv[argc - 1]) || pthread_attr_init(&attr) || pthread_attr_setstacksize(&attr, least > 16384 ? (size_t)least : 16384) ||
	    pthread_create(&t, &attr, work, NULL) || pthread_join(t, NULL))
		return 1;
	for (int i = 0; i < n; i++) printf("%d ", results[i]);
	puts("");
	return 0;
}' -pthread -Wl,-z,now
same "a thread with the smallest stack" "$scratch/small" "$sw"

same "a shell with pipes and redirections" sh -c "cd '$sw' && cat lib/f1 | tr n N; echo out >made; cat made; rm made; test -e made || echo gone; . ./lib/mod.py 2>/dev/null; bin/script arg; ls lib | wc -l"
same "bash" bash -c "cd '$sw/lib' && echo f* | wc -w; [[ -e f1 && ! -e f99 ]] && echo tests; mapfile -t a <f2; echo \${a[0]}; exec 5<f3; read -r b <&5; echo \$b; pwd"
for tool in "find $sw -name f1*" "tar -C $sw -cf - lib --sort=name --mtime=@0 | sha1sum" "cp -a $sw/lib $scratch/copied && ls $scratch/copied | wc -l; rm -rf $scratch/copied" \
	"perl -e 'opendir(D, \"$sw/lib\"); print scalar(readdir(D)) ? 1 : 0, -s \"$sw/lib/f1\", -e \"$sw/none\" ? 1 : 0, \"\n\"'" \
	"git init -q $sw/repo && cd $sw/repo && echo 1 >a && git add a && git -c user.name=a -c user.email=b commit -qm c && git status --short && git log --format=%s; rm -rf $sw/repo" \
	"cd $sw && make -f /dev/null -s lib/f1 2>&1; stat -c '%s %F' lib/f1 lib none 2>&1; rm -rf d && mkdir d && mv lib/f40 d/ && ls d && mv d/f40 lib/ && rmdir d"; do
	command -v "${tool%% *}" >/dev/null && same "${tool%% *}" sh -c "$tool"
done

if [ -n "$PYTHON" ]; then
	cat >"$scratch/many.py" <<END
import multiprocessing as m, os, subprocess, sys, threading
sys.path.insert(0, "$sw/lib")
def work(n):
    import mod
    return mod.x * n + len(os.listdir("$sw/lib")) + os.path.exists("$sw/none")
if __name__ == "__main__":
    for how in "fork", "spawn", "forkserver":
        with m.get_context(how).Pool(2) as pool:
            print(how, pool.map(work, range(4)))
    print(subprocess.run(["cat", "$sw/lib/f1"], close_fds=True, capture_output=True, cwd="$sw").stdout)
    print(subprocess.run("cat lib/f2; exit 4", shell=True, capture_output=True, cwd="$sw"))
    print(subprocess.run(["cat", "lib/f3"], capture_output=True, cwd="$sw", start_new_session=True, preexec_fn=os.getpid).stdout)
    pid = os.posix_spawn("$sw/bin/script", ["script", "spawned"], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "$sw/spawned", os.O_WRONLY | os.O_CREAT, 0o600)])
    print(os.waitpid(pid, 0)[1], open("$sw/spawned").read())
    os.unlink("$sw/spawned")
    print(os.system("echo system >$sw/s; cat $sw/s; rm $sw/s"), os.path.exists("$sw/s"), flush=True)
    print(work(1), os.getcwd() == os.path.realpath("."))
END
	same "Python: multiprocessing, subprocess, posix_spawn" env PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$scratch/many.py"
fi

# A lock on a recorded file is on the original: a process without DLFM, on another node perhaps, sees it.
if [ -n "$PYTHON" ] && command -v flock >/dev/null; then
	seal
	replay "$PYTHON" -S -c "
import fcntl, os, subprocess
f = open('$sw/lib/f7'); f.readline()
fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
env = {k: v for k, v in os.environ.items() if not k.startswith('LD_')}
print(subprocess.run(['flock', '-n', '$sw/lib/f7', 'true'], env=env).returncode, f.tell(), f.read() == '')
fcntl.flock(f, fcntl.LOCK_UN)
print(subprocess.run(['flock', '-n', '$sw/lib/f7', 'true'], env=env).returncode, os.get_inheritable(f.fileno()))"
	is "$out$err" "1 3 True
0 False" "flock locks the original, at the same offset, closed on exec"
fi

# Few descriptors, little address space: the answers are the same.
same "8 descriptors" bash -c "ulimit -n 8; cat '$sw/lib/f1'; ls '$sw/lib' | wc -l"
same "little address space" bash -c "ulimit -v 60000; cat '$sw/lib/f1'"
done_testing
