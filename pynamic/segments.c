/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data of a library (initialised, zeroed, thread-local; of C++ also objects with constructors,
 * virtual functions and templates), and the function NAME_touch that uses every page of it, so that
 * the checksum shows that it was set up.
 */
#include "pynamic/source.h"

#define PAGE	  4096
#define CXX_STEPS 8

static void put_array(struct pyn_text *t, const char *storage, const char *name, uint32_t size,
		      const char *rest)
{
	pyn_puts(t, "static ", storage, "unsigned char ", name, "[", (char *)NULL);
	pyn_put_number(t, size);
	pyn_puts(t, "]", rest, ";\n", (char *)NULL);
}

static uint64_t put_arrays(struct pyn_text *t, const struct pyn_library *l)
{
	uint64_t value = 0;

	if (l->data > 0) {
		put_array(t, "volatile ", "data", l->data, " = {11, 7, 5, 3, 2, 1}");
		value += 11;
	}
	if (l->bss > 0) {
		put_array(t, "volatile ", "zeroed", l->bss, "");
		value += (l->bss + PAGE - 1) / PAGE;
	}
	if (l->tls > 0) {
		put_array(t, "__thread volatile ", "local", l->tls,
			  " __attribute__((tls_model(\"initial-exec\"))) = {13}");
		value += 13;
	}
	return value;
}

/* A class hierarchy out of a template, and a static object whose constructor must have run. */
static uint64_t put_cxx(struct pyn_text *t, const struct pyn_library *l)
{
	uint64_t value = 0;

	pyn_puts(t, "namespace ", l->name,
		 "\n{\n"
		 "class Step\n{\npublic:\n\tvirtual ~Step() {}\n\tvirtual u64 value(u64 h) const = "
		 "0;\n};\n\n"
		 "template <int N> class NumberedStep : public Step\n{\npublic:\n"
		 "\tu64 value(u64 h) const { return h * 31 + N; }\n};\n\n",
		 (char *)NULL);
	for (unsigned i = 0; i < CXX_STEPS; i++) {
		pyn_put(t, "static NumberedStep<");
		pyn_put_number(t, i);
		pyn_put(t, "> step");
		pyn_put_number(t, i);
		pyn_put(t, ";\n");
		value = value * 31 + i;
	}
	pyn_put(t, "static const Step *const steps[] = {");
	for (unsigned i = 0; i < CXX_STEPS; i++) {
		pyn_put(t, i ? ", &step" : "&step");
		pyn_put_number(t, i);
	}
	pyn_put(t, "};\n\nstruct Constructed\n{\n\tu64 number;\n\tConstructed() : number(17) "
		   "{}\n};\n\n"
		   "static Constructed constructed;\n}\n\n");
	return value + 17;
}

static void put_cxx_use(struct pyn_text *t, const struct pyn_library *l)
{
	pyn_puts(t, "\ttry {\n\t\tu64 h = 0;\n\n\t\tfor (const ", l->name,
		 "::Step *step : ", l->name,
		 "::steps)\n\t\t\th = step->value(h);\n\t\tthrow h;\n\t} catch (u64 h) "
		 "{\n\t\tpyn_sum += h + ",
		 l->name, "::constructed.number;\n\t}\n", (char *)NULL);
}

uint64_t pyn_segments_put(struct pyn_text *t, const struct pyn_library *l)
{
	uint64_t value = pyn_touch_value(l) + put_arrays(t, l);

	if (l->cxx)
		value += put_cxx(t, l);
	pyn_puts(t,
		 l->cxx		? "extern \"C\" "
		 : l->is_module ? "static "
				: "",
		 "void ", l->name, "_touch(void)\n{\n\tpyn_sum += ", (char *)NULL);
	pyn_put_hex(t, pyn_touch_value(l));
	pyn_put(t, "ULL;\n");
	if (l->data > 0)
		pyn_put(t, "\tfor (unsigned i = 0; i < sizeof data; i += 4096)\n\t\tpyn_sum += "
			   "data[i];\n");
	if (l->bss > 0)
		pyn_put(t, "\tfor (unsigned i = 0; i < sizeof zeroed; i += 4096) {\n"
			   "\t\tzeroed[i] = 1;\n\t\tpyn_sum += zeroed[i];\n\t}\n");
	if (l->tls > 0)
		pyn_put(t, "\tpyn_sum += local[0];\n");
	if (l->cxx)
		put_cxx_use(t, l);
	pyn_put(t, "}\n\n");
	return value;
}
