/* SPDX-License-Identifier: BSD-3-Clause */
/* The functions of a library: their C text, and what a run of them adds up to. */
#include <stdio.h>
#include <string.h>

#include "pynamic/source.h"
#include "pynamic/statement.h"

void pyn_source_path(const struct pyn_library *l, char *path, size_t size)
{
	snprintf(path, size, "src/%s.%s", l->name, l->cxx ? "cc" : "c");
}

size_t pyn_function_name(char *name, const struct pyn_model *m, const struct pyn_library *l,
			 uint32_t i)
{
	size_t length = strlen(l->name);
	char digits[12];
	unsigned at = sizeof digits;

	memcpy(name, l->name, length);
	name[length++] = '_';
	name[length++] = 'f';
	do {
		digits[--at] = (char)('0' + i % 10);
		i /= 10;
	} while (i > 0);
	memcpy(name + length, digits + at, sizeof digits - at);
	length += sizeof digits - at;
	if (m->params.name_padding > 0) {
		name[length++] = '_';
		for (unsigned k = 1; k < m->params.name_padding; k++)
			name[length++] = (char)('0' + k % 10);
	}
	return length;
}

static void put_head(struct pyn_text *t, const struct pyn_model *m, const struct pyn_library *l)
{
	/* Python.h must be the first header. */
	if (l->is_module)
		pyn_put(t, "#define Py_LIMITED_API 0x03080000\n#include <Python.h>\n");
	if (m->params.print)
		pyn_put(t, "#include <stdio.h>\n");
	pyn_put(t, "#include \"pynamic.h\"\n\n");
}

/* One call of a utility function by a visited (or not) function of a module, declared where it is
 * called. */
static void put_utility_call(struct pyn_text *t, struct pyn_model *m,
			     const struct pyn_utility_call *call, int visited)
{
	char name[PYN_NAME_SIZE];
	size_t length = pyn_function_name(name, m, call->utility, call->function);
	struct pyn_function f;
	struct pyn_values v;

	pyn_library_function(&f, call->utility, call->function);
	pyn_arguments_make(&v, &f, call->site);
	pyn_put(t, "\t{\n\t\textern ");
	pyn_put_prototype(t, &f, name, length, 0);
	pyn_put(t, ";\n\n\t\t(void)");
	pyn_put_call(t, &f, name, length, &v);
	pyn_put(t, ";\n\t}\n");
	m->counts.call_sites++;
	if (!visited)
		return;
	m->counts.calls += pyn_chain_rest(m, call->utility, call->function);
	m->checksum += pyn_contribution(&f, &m->params, &v) + call->utility->rest[call->function];
}

static void put_chain_call(struct pyn_text *t, struct pyn_model *m, const struct pyn_library *l,
			   uint32_t next)
{
	char name[PYN_NAME_SIZE];
	size_t length = pyn_function_name(name, m, l, next);
	struct pyn_function f;
	struct pyn_values v;

	pyn_library_function(&f, l, next);
	pyn_chain_arguments(&v, &f, l, next);
	pyn_put(t, "\t(void)");
	pyn_put_call(t, &f, name, length, &v);
	pyn_put(t, ";\n");
	m->counts.call_sites++;
}

static void count_visit(struct pyn_model *m, const struct pyn_library *l,
			const struct pyn_function *f, uint32_t i)
{
	struct pyn_values v;

	pyn_chain_arguments(&v, f, l, i);
	m->checksum += pyn_contribution(f, &m->params, &v);
	m->counts.calls++;
}

static void put_function(struct pyn_text *t, struct pyn_model *m, const struct pyn_library *l,
			 const struct pyn_call_plan *plan, uint32_t i)
{
	int visited = plan && pyn_is_visited(m, l, i);
	char name[PYN_NAME_SIZE];
	size_t length = pyn_function_name(name, m, l, i);
	struct pyn_function f;
	struct pyn_utility_call call;

	pyn_library_function(&f, l, i);
	if (l->cxx)
		pyn_put(t, "extern \"C\" ");
	pyn_put_prototype(t, &f, name, length, 1);
	pyn_put(t, "\n{\n");
	pyn_put_body(t, &f, &m->params);
	if (m->params.print)
		pyn_put(t, PYN_PRINT);
	for (unsigned n = 0; plan && n < pyn_planned_calls(plan, i); n++) {
		pyn_planned_call(plan, i, n, &call);
		put_utility_call(t, m, &call, visited);
	}
	if (i + 1 < l->functions && (i + 1) % m->params.depth != 0)
		put_chain_call(t, m, l, i + 1);
	pyn_put_return(t, &f);
	pyn_put(t, "}\n\n");
	if (visited)
		count_visit(m, l, &f, i);
}

static void put_sum(struct pyn_text *t, const struct pyn_library *l)
{
	pyn_puts(t, l->cxx ? "extern \"C\" " : "", "u64 ", l->name,
		 "_sum(void)\n{\n\treturn pyn_sum;\n}\n", (char *)NULL);
}

int pyn_source_put(struct pyn_text *t, struct pyn_model *m, const struct pyn_library *l)
{
	struct pyn_call_plan *plan = NULL;

	if (l->is_module && pyn_call_plan_make(&plan, m, l) != 0)
		return -1;
	put_head(t, m, l);
	m->checksum += pyn_segments_put(t, l);
	/* The last first: what is called is defined before. */
	for (uint32_t i = l->functions; i-- > 0;)
		put_function(t, m, l, plan, i);
	if (l->is_module)
		pyn_module_put(t, m, l);
	else
		put_sum(t, l);
	pyn_call_plan_free(plan);
	return 0;
}
