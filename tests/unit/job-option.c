/* SPDX-License-Identifier: BSD-3-Clause */
/* The option grammar: what parses, what is refused and how, and that it survives a round trip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cache-tools/job-option.h"

static struct dlfm_job_option parse(const char *text)
{
	struct dlfm_job_option o;
	struct dlfm_error e = {""};

	if (dlfm_job_option_parse(&o, text, &e) < 0)
		fail_msg("'%s' is refused: %s", text, e.text);
	return o;
}

static void modes(void **state)
{
	struct dlfm_job_option o;

	(void)state;
	assert_int_equal(parse("off").mode, DLFM_MODE_OFF);
	o = parse("record");
	assert_int_equal(o.mode, DLFM_MODE_RECORD);
	assert_string_equal(o.file, "");
	assert_int_equal(o.layers, DLFM_USE_BOTH);
	assert_int_equal(o.stale, DLFM_STALE_REFRESH);
	assert_int_equal(o.transport, DLFM_TRANSPORT_TCP);
	assert_int_equal(o.scope, DLFM_SCOPE_DEFAULT);
	assert_string_equal(parse("record:a.dat").file, "a.dat");
	o = parse("replay:/p/c:1=2");
	assert_int_equal(o.mode, DLFM_MODE_REPLAY);
	assert_string_equal(o.file, "/p/c:1=2");
	o = parse("cache.dat");
	assert_int_equal(o.mode, DLFM_MODE_AUTO);
	assert_string_equal(o.file, "cache.dat");
	assert_string_equal(parse("/p/record").file, "/p/record");
	assert_string_equal(parse("./a:b~").file, "./a:b~");
}

static void options(void **state)
{
	struct dlfm_job_option o;

	(void)state;
	o = parse("replay:x,require,report=r.txt,learn,layers=dl,stale=drop,transport=pmix,scope="
		  "all");
	assert_int_equal(o.require, 1);
	assert_int_equal(o.report, 1);
	assert_string_equal(o.report_file, "r.txt");
	assert_int_equal(o.learn, 1);
	assert_int_equal(o.layers, DLFM_USE_DL);
	assert_int_equal(o.stale, DLFM_STALE_DROP);
	assert_int_equal(o.transport, DLFM_TRANSPORT_PMIX);
	assert_int_equal(o.scope, DLFM_SCOPE_ALL);
	o = parse("record,report,layers=dl+fm,stale=fail,transport=mpi,scope=shared");
	assert_int_equal(o.report, 1);
	assert_string_equal(o.report_file, "");
	assert_int_equal(o.layers, DLFM_USE_BOTH);
	assert_int_equal(o.stale, DLFM_STALE_FAIL);
	assert_int_equal(o.transport, DLFM_TRANSPORT_MPI);
	assert_int_equal(o.scope, DLFM_SCOPE_SHARED);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "no value"},
		{",require", "unknown value ''"},
		{"recrod", "unknown value 'recrod'; use record, replay:FILE, FILE or off"},
		{"recrod:/p/c.dat", "unknown value 'recrod'"},
		{"Record", "unknown value 'Record'"},
		{"cache", "needs a '/' or a '.'"},
		{"replay", "replay:FILE"},
		{"replay,require", "replay:FILE"},
		{"replay:", "no file name"},
		{"record:,require", "no file name"},
		{"replay:~/c.dat", "not expanded"},
		{"~/c.dat", "not expanded"},
		{"$HOME/c.dat", "not expanded"},
		{"$CACHE", "not expanded"},
		{"record,report=$X", "not expanded"},
		{"off,require", "off takes no options"},
		{"off:", "unknown value 'off'"},
		{"record,", "unknown option ''"},
		{"record,,learn", "unknown option ''"},
		{"record,requrie", "unknown option 'requrie'"},
		{"replay:a,b.dat", "comma"},
		{"record,require=1", "require takes no value"},
		{"record,learn,learn", "learn is given twice"},
		{"record,layers=dl,layers=fm", "layers is given twice"},
		{"record,layers", "layers needs a value"},
		{"record,layers=", "unknown value '' of layers; use dl+fm, dl or fm"},
		{"record,stale=never", "unknown value 'never' of stale; use refresh, drop or fail"},
		{"record,transport=ib", "unknown value 'ib' of transport; use tcp, mpi or pmix"},
		{"record,scope=node", "unknown value 'node' of scope; use shared or all"},
		{"record,report=", "no file name after 'report='"},
		{"record:a\nb", "control character"},
		{"record:a\x7f", "control character"},
	};
	struct dlfm_job_option o;
	struct dlfm_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&o, 0x5a, sizeof(o));
		e.text[0] = '\0';
		if (dlfm_job_option_parse(&o, cases[i].text, &e) != -1)
			fail_msg("'%s' parses", cases[i].text);
		if (!strstr(e.text, cases[i].says))
			fail_msg("'%s' gives: %s", cases[i].text, e.text);
		assert_int_equal(((unsigned char *)&o)[sizeof(o) - 1], 0x5a);
	}
	assert_int_equal(dlfm_job_option_parse(&o, "recrod", NULL), -1);
}

static void long_names(void **state)
{
	size_t n = strlen("replay:");
	char text[2 * PATH_MAX] = "replay:";
	struct dlfm_job_option o;
	struct dlfm_error e;

	(void)state;
	memset(text + n, 'x', PATH_MAX - 1);
	assert_int_equal(strlen(parse(text).file), PATH_MAX - 1);
	text[n + PATH_MAX - 1] = 'x';
	assert_int_equal(dlfm_job_option_parse(&o, text, &e), -1);
	assert_non_null(strstr(e.text, "longer than"));
	memset(text, 'y', sizeof(text) - 1);
	assert_int_equal(dlfm_job_option_parse(&o, text, &e), -1);
}

static void round_trip(void **state)
{
	static const char *const texts[] = {
		"off",
		"record",
		"record:x",
		"replay:/a/b c",
		"./c.dat",
		"record,require,report,learn",
		"c.dat,report=r,layers=fm,stale=fail,transport=mpi,scope=shared",
		"replay:c,require,report=/r,learn,layers=dl,stale=drop,transport=pmix,scope=all",
	};
	char text[200];
	struct dlfm_job_option o, again;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		o = parse(texts[i]);
		assert_int_equal(dlfm_job_option_format(&o, text, sizeof(text)), 0);
		assert_string_equal(text, texts[i]);
		again = parse(text);
		assert_memory_equal(&o, &again, sizeof(o));
		n = strlen(text);
		assert_int_equal(dlfm_job_option_format(&o, text, n + 1), 0);
		memset(text, '#', sizeof(text));
		assert_int_equal(dlfm_job_option_format(&o, text, n), -1);
		assert_int_equal(text[n], '#');
	}
}

static void help(void **state)
{
	const char *text = dlfm_job_option_help();

	(void)state;
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_non_null(strstr(text, "stale=refresh|drop|fail"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes),      cmocka_unit_test(options),
		cmocka_unit_test(refused),    cmocka_unit_test(long_names),
		cmocka_unit_test(round_trip), cmocka_unit_test(help),
	};

	return cmocka_run_group_tests_name("job-option", tests, NULL, NULL);
}
