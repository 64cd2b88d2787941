/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzing the grammar of --dlfm=TEXT: what is accepted means the same when it is written back. */
#include <stdlib.h>
#include <string.h>

#include "cache-tools/job-option.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dlfm_job_option o, again;
	char *text = fuzz_text(data, size), back[3 * PATH_MAX];
	struct dlfm_error e = {""};

	memset(&o, 0xaa, sizeof(o));
	if (dlfm_job_option_parse(&o, text, &e) == 0) {
		fuzz_check(dlfm_job_option_format(&o, back, sizeof(back)) == 0, "it fits");
		fuzz_check(dlfm_job_option_parse(&again, back, &e) == 0, "it can be read again");
		fuzz_check(o.mode == again.mode && o.require == again.require &&
				   o.report == again.report && o.learn == again.learn &&
				   o.layers == again.layers && o.stale == again.stale &&
				   o.transport == again.transport && o.scope == again.scope &&
				   strcmp(o.file, again.file) == 0 &&
				   strcmp(o.report_file, again.report_file) == 0,
			   "what is written back means the same");
	} else {
		fuzz_check(e.text[0] && o.require == (int)0xaaaaaaaa,
			   "a refusal says why and changes nothing");
	}
	free(text);
	return 0;
}
