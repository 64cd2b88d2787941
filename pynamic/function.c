/* SPDX-License-Identifier: BSD-3-Clause */
/* Signatures, arguments and calls of generated functions; the walk over a body's statements. */
#include "pynamic/function.h"
#include "pynamic/random.h"
#include "pynamic/statement.h"

enum { DOMAIN_SIGNATURE = 0x5349, DOMAIN_BODY = 0x424f };

static const char *const type_names[] = {"int", "long", "float", "double", "char *"};
static const char *const parameters[] = {"a", "b", "c", "d", "e"};

void pyn_function_make(struct pyn_function *f, uint64_t key)
{
	struct pyn_random r = {pyn_key(key, DOMAIN_SIGNATURE, 0)};

	f->key = key;
	f->result = (enum pyn_type)pyn_below(&r, PYN_TYPES);
	f->arguments = pyn_below(&r, PYN_MAX_ARGUMENTS + 1);
	for (unsigned i = 0; i < f->arguments; i++)
		f->type[i] = (enum pyn_type)pyn_below(&r, PYN_TYPES);
}

static int64_t draw_number(struct pyn_random *r, enum pyn_type type)
{
	/* A long has 32 bits somewhere; a float holds 24 bits exactly. */
	static const uint32_t range[] = {2000000, 2000000000, 400000, 400000000};

	return (int64_t)pyn_below(r, range[type]) - range[type] / 2;
}

static void draw_text(struct pyn_random *r, char *text)
{
	unsigned length = pyn_between(r, 2, 12);

	for (unsigned i = 0; i < length; i++)
		text[i] = (char)('a' + pyn_below(r, 26));
	text[length] = '\0';
}

void pyn_arguments_make(struct pyn_values *v, const struct pyn_function *f, uint64_t site)
{
	struct pyn_random r = {site};

	for (unsigned i = 0; i < f->arguments; i++)
		if (f->type[i] == PYN_STRING)
			draw_text(&r, v->value[i].text);
		else
			v->value[i].number = draw_number(&r, f->type[i]);
}

static void put_declarator(struct pyn_text *t, enum pyn_type type, const char *name, size_t length)
{
	pyn_put(t, type_names[type]);
	if (type != PYN_STRING && length > 0)
		pyn_put_char(t, ' ');
	pyn_put_bytes(t, name, length);
}

void pyn_put_prototype(struct pyn_text *t, const struct pyn_function *f, const char *name,
		       size_t length, int named)
{
	put_declarator(t, f->result, name, length);
	pyn_put(t, f->arguments == 0 ? "(void" : "(");
	for (unsigned i = 0; i < f->arguments; i++) {
		if (i > 0)
			pyn_put(t, ", ");
		put_declarator(t, f->type[i], parameters[i], named ? 1 : 0);
	}
	pyn_put_char(t, ')');
}

/* A number of quarters as 12.25 */
static void put_quarters(struct pyn_text *t, int64_t quarters)
{
	static const char *const fractions[] = {".0", ".25", ".5", ".75"};
	uint64_t n = quarters < 0 ? (uint64_t)-quarters : (uint64_t)quarters;

	if (quarters < 0)
		pyn_put_char(t, '-');
	pyn_put_padded(t, n / 4, 1);
	pyn_put(t, fractions[n % 4]);
}

static void put_value(struct pyn_text *t, enum pyn_type type, const struct pyn_value *v)
{
	switch (type) {
	case PYN_STRING:
		pyn_puts(t, "(char *)\"", v->text, "\"", (char *)NULL);
		break;
	case PYN_FLOAT:
	case PYN_DOUBLE:
		put_quarters(t, v->number);
		if (type == PYN_FLOAT)
			pyn_put_char(t, 'f');
		break;
	default:
		pyn_put_number(t, v->number);
		if (type == PYN_LONG)
			pyn_put_char(t, 'L');
	}
}

void pyn_put_call(struct pyn_text *t, const struct pyn_function *f, const char *name, size_t length,
		  const struct pyn_values *v)
{
	pyn_put_bytes(t, name, length);
	pyn_put_char(t, '(');
	for (unsigned i = 0; i < f->arguments; i++) {
		if (i > 0)
			pyn_put(t, ", ");
		put_value(t, f->type[i], &v->value[i]);
	}
	pyn_put_char(t, ')');
}

static unsigned body_size(struct pyn_random *r, const struct pyn_params *p)
{
	return pyn_between(r, (uint32_t)p->body_min, (uint32_t)p->body_max);
}

void pyn_put_body(struct pyn_text *t, const struct pyn_function *f, const struct pyn_params *p)
{
	struct pyn_random r = {pyn_key(f->key, DOMAIN_BODY, 0)};
	struct pyn_statement s;

	pyn_put(t, "\tu64 h = ");
	pyn_put_hex(t, f->key);
	pyn_put(t, "ULL;\n");
	for (unsigned i = 0; i < f->arguments; i++) {
		static const char *const mixers[] = {"\tMIX(h, (i64)", "\tMIX(h, (i64)",
						     "\tMIX(h, (i64)(4.0f * ",
						     "\tMIX(h, (i64)(4.0 * ", "\tMIX(h, pyn_text("};

		pyn_puts(t, mixers[f->type[i]], parameters[i],
			 f->type[i] >= PYN_FLOAT ? "));\n" : ");\n", (char *)NULL);
	}
	for (unsigned n = body_size(&r, p); n > 0; n--) {
		pyn_statement_draw(&s, &r, p->kinds);
		pyn_statement_put(t, &s);
	}
	pyn_put(t, "\tpyn_sum += h;\n");
}

uint64_t pyn_contribution(const struct pyn_function *f, const struct pyn_params *p,
			  const struct pyn_values *v)
{
	struct pyn_random r = {pyn_key(f->key, DOMAIN_BODY, 0)};
	struct pyn_statement s;
	uint64_t h = f->key;

	for (unsigned i = 0; i < f->arguments; i++)
		h = pyn_fold(h, f->type[i] == PYN_STRING ? pyn_text_value(v->value[i].text)
							 : (uint64_t)v->value[i].number);
	for (unsigned n = body_size(&r, p); n > 0; n--) {
		pyn_statement_draw(&s, &r, p->kinds);
		h = pyn_statement_value(h, &s);
	}
	return h;
}

void pyn_put_return(struct pyn_text *t, const struct pyn_function *f)
{
	static const char *const returns[] = {
		"\treturn (int)(h & 32767);\n", "\treturn (long)(h & 32767);\n",
		"\treturn (float)(h & 32767) * 0.25f;\n", "\treturn (double)(h & 32767) * 0.25;\n",
		"\treturn (char *)(h & 1 ? \"odd\" : \"even\");\n"};

	pyn_put(t, returns[f->result]);
}
