/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What makes a library a Python module: entry(), which visits its functions, and checksum().
 * Python's stable ABI (Py_LIMITED_API of 3.8): what was built with one Python runs with every later
 * one.
 */
#include <stdio.h>
#include <string.h>

#include "pynamic/source.h"

static size_t extern_name(char *name, const struct pyn_library *l)
{
	return (size_t)snprintf(name, PYN_NAME_SIZE, "%s_extern", l->name);
}

/* The function that other modules call. */
static void put_extern(struct pyn_text *t, const struct pyn_model *m, const struct pyn_library *l)
{
	char name[PYN_NAME_SIZE];
	size_t length = extern_name(name, l);
	struct pyn_function f;

	pyn_library_extern(&f, l);
	pyn_put_prototype(t, &f, name, length, 1);
	pyn_put(t, "\n{\n");
	pyn_put_body(t, &f, &m->params);
	if (m->params.print)
		pyn_put(t, PYN_PRINT);
	pyn_put_return(t, &f);
	pyn_put(t, "}\n\n");
}

static void put_cross_call(struct pyn_text *t, struct pyn_model *m, const struct pyn_library *l)
{
	const struct pyn_library *other = &m->modules[l->cross];
	char name[PYN_NAME_SIZE];
	size_t length = extern_name(name, other);
	struct pyn_function f;
	struct pyn_values v;

	pyn_library_extern(&f, other);
	pyn_extern_arguments(&v, &f, l);
	pyn_put(t, "\t{\n\t\textern ");
	pyn_put_prototype(t, &f, name, length, 0);
	pyn_put(t, ";\n\n\t\t(void)");
	pyn_put_call(t, &f, name, length, &v);
	pyn_put(t, ";\n\t}\n");
	m->checksum += pyn_contribution(&f, &m->params, &v);
	m->counts.call_sites++;
	m->counts.calls++;
}

/* For each utility library that the module owns: "BEFORE name AFTER". */
static void put_owned(struct pyn_text *t, const struct pyn_model *m, const struct pyn_library *l,
		      const char *before, const char *after)
{
	for (unsigned i = 0; i < l->link_count; i++)
		if (pyn_owns(m, l, l->links[i]))
			pyn_puts(t, before, m->utilities[l->links[i]].name, after, (char *)NULL);
}

static void put_entry(struct pyn_text *t, struct pyn_model *m, const struct pyn_library *l)
{
	char name[PYN_NAME_SIZE];
	struct pyn_function f;
	struct pyn_values v;

	pyn_puts(t,
		 "static PyObject *entry(PyObject *self, PyObject "
		 "*args)\n{\n\t(void)self;\n\t(void)args;\n\t",
		 l->name, "_touch();\n", (char *)NULL);
	put_owned(t, m, l, "\t", "_touch();\n");
	for (uint32_t i = 0; i < l->visited_chains; i++) {
		uint32_t head = (uint32_t)(l->visited[i] * m->params.depth);
		size_t length = pyn_function_name(name, m, l, head);

		pyn_library_function(&f, l, head);
		pyn_chain_arguments(&v, &f, l, head);
		pyn_put(t, "\t(void)");
		pyn_put_call(t, &f, name, length, &v);
		pyn_put(t, ";\n");
		m->counts.call_sites++;
	}
	if (l->cross >= 0)
		put_cross_call(t, m, l);
	pyn_put(t, "\treturn PyLong_FromLong(");
	pyn_put_number(t, l->visited_functions);
	pyn_put(t, ");\n}\n\n");
}

static void put_checksum(struct pyn_text *t, const struct pyn_model *m, const struct pyn_library *l)
{
	pyn_put(t, "static PyObject *checksum(PyObject *self, PyObject *args)\n{\n\tu64 sum = "
		   "pyn_sum;\n\n"
		   "\t(void)self;\n\t(void)args;\n");
	put_owned(t, m, l, "\tsum += ", "_sum();\n");
	pyn_put(t, "\treturn PyLong_FromUnsignedLongLong(sum);\n}\n\n");
}

void pyn_module_put(struct pyn_text *t, struct pyn_model *m, const struct pyn_library *l)
{
	put_extern(t, m, l);
	put_owned(t, m, l, "extern void ", "_touch(void);\n");
	put_owned(t, m, l, "extern u64 ", "_sum(void);\n");
	pyn_put_char(t, '\n');
	put_entry(t, m, l);
	put_checksum(t, m, l);
	pyn_puts(t,
		 "static PyMethodDef methods[] = {\n"
		 "\t{\"entry\", entry, METH_NOARGS, \"visits the functions; returns their "
		 "number\"},\n"
		 "\t{\"checksum\", checksum, METH_NOARGS, \"what was visited adds up to\"},\n"
		 "\t{NULL, NULL, 0, NULL},\n};\n\n"
		 "static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, \"",
		 l->name,
		 "\", NULL, -1, methods, NULL, NULL, NULL, NULL};\n\n"
		 "PyMODINIT_FUNC PyInit_",
		 l->name, "(void)\n{\n\treturn PyModule_Create(&definition);\n}\n", (char *)NULL);
}
