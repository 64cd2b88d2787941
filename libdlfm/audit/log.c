/* SPDX-License-Identifier: BSD-3-Clause */
/* A line for diagnosis: see log.h. */
#include "libdlfm/audit/log.h"

#include <limits.h>
#include <string.h>

#include "libdlfm/audit/path.h"
#include "libdlfm/audit/process.h"
#include "libdlfm/environment.h"
#include "libdlfm/sys.h"

struct line {
	char text[PATH_MAX];
	size_t len;
};

static void put(struct line *line, const char *s)
{
	const size_t n = strlen(s);

	if (line->len + n < sizeof(line->text)) {
		memcpy(line->text + line->len, s, n);
		line->len += n;
	}
}

static void write_line(const char *file, const struct line *line)
{
	const int fd =
		dlfm_sys_open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return;
	dlfm_sys_write(fd, line->text, line->len);
	dlfm_sys_close(fd);
}

void audit_log_start(int replaying, int recording)
{
	const char *debug = audit_getenv(DLFM_ENV_DEBUG), *log = audit_getenv(DLFM_ENV_LOG);
	const char *image = audit_getenv(DLFM_ENV_IMAGE);
	struct line line = {.len = 0};
	char pid[16];

	if (!debug || !*debug || (debug[0] == '0' && !debug[1]) || !log || !*log)
		return;
	text_number(pid, dlfm_sys_getpid());
	put(&line, "dlfm-audit.so[");
	put(&line, pid);
	put(&line, "]: image ");
	put(&line, image && *image ? image : "none");
	put(&line, replaying ? ": attached" : ": not attached");
	put(&line, recording ? ", journal: yes\n" : ", journal: no\n");
	write_line(log, &line);
}
