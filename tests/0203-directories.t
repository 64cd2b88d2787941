#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0203-directories: directory streams from memory behave as real ones
. "$(dirname "$0")/fm-lib.sh"
need "${CC%% *}"

mkdir -p "$sw/d/sub" "$sw/empty" "$sw/big"
touch "$sw/d/a" "$sw/d/b" "$sw/big/"{1..700}
ln -s a "$sw/d/link"
prog "$scratch/streams" '
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static int count(DIR *d) { int n = 0; while (readdir(d)) n++; return n; }
static int by_name(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
int main(int argc, char **argv)
{
	char *names[64], buf[4096];
	struct dirent *e, again;
	struct stat st, st2;
	DIR *d, *many[200];
	int n = 0, i, total = 0;
	long at;
	(void)argc;
	chdir(argv[1]);
	d = opendir("d");
	while ((e = readdir(d))) {
		if (e->d_reclen < strlen(e->d_name) + 1 + 19 || e->d_reclen % 8)
			printf("reclen %d of %s\n", e->d_reclen, e->d_name);
		snprintf(buf, sizeof(buf), "d/%s", e->d_name);
		lstat(buf, &st);
		asprintf(&names[n++], "%s type %d ino %d", e->d_name, e->d_type, st.st_ino == e->d_ino || !strcmp(e->d_name, ".."));
	}
	qsort(names, n, sizeof(names[0]), by_name);
	for (i = 0; i < n; i++)
		puts(names[i]);
	errno = 77;
	printf("end %d errno %d\n", readdir(d) == NULL, errno);
	rewinddir(d);
	readdir(d);
	at = telldir(d);
	again = *readdir(d);
	readdir(d);
	seekdir(d, at);
	printf("seek %d\n", !strcmp(readdir(d)->d_name, again.d_name));
	printf("rest %d\n", count(d));
	/* A descriptor, when one is asked for. */
	printf("dirfd %d\n", fstat(dirfd(d), &st) == 0 && stat("d", &st2) == 0 && st.st_ino == st2.st_ino);
	printf("again %d\n", dirfd(d) == dirfd(d));
	printf("fstatat %d\n", fstatat(dirfd(d), "sub", &st, 0));
	i = dirfd(d);
	printf("close %d\n", closedir(d));
	printf("closed %d\n", fcntl(i, F_GETFD));
	/* More streams than there are slots. */
	for (i = 0; i < 200; i++)
		many[i] = opendir(i % 2 ? "big" : "d");
	for (i = 0; i < 200; i++)
		total += count(many[i]);
	printf("total %d\n", total);
	/* A fork child goes on reading for itself. */
	rewinddir(many[1]);
	if (fork() == 0) {
		printf("child %d\n", count(many[1]));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	for (i = 0; i < 200; i++)
		closedir(many[i]);
	for (i = 0; i < 1000; i++)
		closedir(opendir("big"));
	d = opendir("empty");
	printf("empty %d\n", count(d));
	closedir(d);
	printf("file %d", opendir("d/a") == NULL);
	printf(" %d none %d", errno, opendir("none") == NULL);
	printf(" %d\n", errno);
	return 0;
}' -Wno-unused-result

run "$scratch/streams" "$sw"
plain=$out
seal -a "$sw/none"
replay "$scratch/streams" "$sw"
is "$out" "$plain" "streams, positions, types, inodes, descriptors, many at once, forks: as without"
replay_noted ls "$sw/d"
is "$(counted list)" 1 "a listing from memory is counted"
trace=$scratch/trace
run strace -o "$trace" env DLFM_IMAGE="$image" LD_PRELOAD="$libdlfm" "$PYTHON" -S -c "import os; print(sorted(os.listdir('$sw/d')), len(os.listdir('$sw/big')))"
is "$out" "['a', 'b', 'link', 'sub'] 700" "Python lists from memory"
is "$(software_calls)" "" "... with no system call about the software"

# Who tells glibc's own readdir to read one of our streams gets an error and not a crash.
prog "$scratch/mixed" '
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY);
	struct dirent *(*real)(DIR *) = dlsym(libc, "readdir");
	DIR *d = opendir(argv[argc - 1]);
	struct dirent *e;
	if (real == readdir) return 2;
	errno = 0;
	e = real(d);
	printf("%s %s\n", e ? "entry" : "none", errno == EBADF ? "EBADF" : "?");
	return 0;
}' -ldl
replay "$scratch/mixed" "$sw/d"
is "$rc $out" "0 none EBADF" "libc's own readdir on a stream of ours: EBADF"

# rewinddir shows what the directory has by then.
prog "$scratch/rewind" '
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static void list(DIR *d, const char *when)
{
	int n = 0, added = 0;
	for (struct dirent *e; (e = readdir(d)); n++) added += !strcmp(e->d_name, "added");
	printf("%s: %d names, added %d\n", when, n, added);
}
int main(int argc, char **argv)
{
	struct stat a, b;
	DIR *d = chdir(argv[argc - 1]) ? NULL : opendir("rewound");
	list(d, "opened");
	rewinddir(d); list(d, "as it was");
	close(open("rewound/added", O_CREAT | O_WRONLY, 0600)); unlink("rewound/1"); unlink("rewound/2");
	rewinddir(d); list(d, "changed");
	printf("%d %d\n", fstat(dirfd(d), &a) == 0 && stat("rewound", &b) == 0 && a.st_ino == b.st_ino, dirfd(d) == dirfd(d));
	rewinddir(d); readdir(d);
	long at = telldir(d);
	struct dirent e = *readdir(d);
	readdir(d); seekdir(d, at);
	printf("%d\n", !strcmp(readdir(d)->d_name, e.d_name));
	unlink("rewound/added"); unlink("rewound/3");
	rewinddir(d); list(d, "emptied");
	printf("%d %d\n", closedir(d), rmdir("rewound"));
	mkdir("gone", 0700); rmdir("gone");
	d = opendir("removed"); unlink("removed/1"); rmdir("removed");
	rewinddir(d); list(d, "removed");
	printf("%d\n", closedir(d));
	return 0;
}' -Wno-unused-result
make_rewound() {
	mkdir -p "$sw/rewound" "$sw/removed"
	touch "$sw/rewound/"{1,2,3} "$sw/removed/1"
}
make_rewound
run "$scratch/rewind" "$sw"
plain=$out
make_rewound
seal
replay "$scratch/rewind" "$sw"
is "$rc$out" "0$plain" "rewinddir shows a changed directory as it is by then"

# What the job changes is in the listing, also of other processes.
cat >"$scratch/change.py" <<END
import os, subprocess
d = "$sw/d"
print(sorted(os.listdir(d)))
open(d + "/new", "w").close()
os.unlink(d + "/a")
os.rename(d + "/b", d + "/c")
print(sorted(os.listdir(d)), subprocess.run(["ls", d], capture_output=True, text=True).stdout.split())
os.mkdir(d + "/sub/deep")
print(os.listdir(d + "/sub"), [e.name for e in os.scandir(d + "/sub") if e.is_dir()])
END
cp -a "$sw" "$scratch/copy"
run "$PYTHON" "$scratch/change.py"
plain=$out
rm -rf "$sw"
cp -a "$scratch/copy" "$sw"
seal
replay "$PYTHON" "$scratch/change.py"
is "$rc$out" "0$plain" "changed listings are the file system's"
done_testing
