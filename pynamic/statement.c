/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds of statements: what each is as C text, and as a value. The two functions of a kind
 * stand side by side. */
#include "pynamic/statement.h"

/* Unsigned arithmetic wraps in C; the conversions from i64 and the exact quarters are defined
 * everywhere. */
const char pyn_statement_header[] =
	"typedef unsigned long long u64;\n"
	"typedef long long i64;\n"
	"\n"
	"#define MIX(h, x) ((h) = ((h) ^ (u64)(x)) * 0xff51afd7ed558ccdULL, (h) ^= (h) >> 32)\n"
	"\n"
	"/* What the functions of this library that were visited add up to. */\n"
	"static u64 pyn_sum;\n"
	"\n"
	"static inline u64 pyn_text(const char *s)\n"
	"{\n"
	"\tu64 x = 0;\n"
	"\n"
	"\twhile (*s)\n"
	"\t\tx = x * 31 + (unsigned char)*s++;\n"
	"\treturn x;\n"
	"}\n";

uint64_t pyn_fold(uint64_t h, uint64_t x)
{
	h = (h ^ x) * 0xff51afd7ed558ccdULL;
	return h ^ (h >> 32);
}

uint64_t pyn_text_value(const char *s)
{
	uint64_t x = 0;

	while (*s)
		x = x * 31 + (unsigned char)*s++;
	return x;
}

static void put_constant(struct pyn_text *t, const char *before, uint64_t constant,
			 const char *after)
{
	pyn_put(t, before);
	pyn_put_hex(t, constant);
	pyn_put(t, after);
}

static void put_with_number(struct pyn_text *t, const char *before, unsigned number,
			    const char *after)
{
	pyn_put(t, before);
	pyn_put_number(t, number);
	pyn_put(t, after);
}

static void put_arith(struct pyn_text *t, const struct pyn_statement *s)
{
	put_constant(t, "\th = h * ", s->constant[0] | 1, "ULL");
	put_constant(t, " + ", s->constant[1], "ULL;\n");
	put_with_number(t, "\th ^= h >> ", s->number + 20, ";\n");
}

static uint64_t arith_value(uint64_t h, const struct pyn_statement *s)
{
	h = h * (s->constant[0] | 1) + s->constant[1];
	return h ^ (h >> (s->number + 20));
}

static void put_float(struct pyn_text *t, const struct pyn_statement *s)
{
	pyn_put(t, "\t{\n\t\tdouble x = (double)(h & 1023) * 0.25;\n\t\tdouble y = x * 0.5;\n\n");
	put_with_number(t, "\t\tx += y + ", s->number, ".5;\n\t\tMIX(h, (i64)(x * 8.0));\n\t}\n");
}

static uint64_t float_value(uint64_t h, const struct pyn_statement *s)
{
	uint64_t eighths = (h & 1023) * 2 + (h & 1023) + s->number * 8 + 4;

	return pyn_fold(h, eighths);
}

static void put_loop(struct pyn_text *t, const struct pyn_statement *s)
{
	put_with_number(t, "\tfor (int i = 0; i < ", s->number + 2, "; i++) {\n");
	put_constant(t, "\t\th = h * ", s->constant[0] | 1,
		     "ULL + (u64)i;\n\t\th ^= h >> 29;\n\t}\n");
}

static uint64_t loop_value(uint64_t h, const struct pyn_statement *s)
{
	for (unsigned i = 0; i < s->number + 2; i++) {
		h = h * (s->constant[0] | 1) + i;
		h ^= h >> 29;
	}
	return h;
}

static void put_branch(struct pyn_text *t, const struct pyn_statement *s)
{
	put_with_number(t, "\tswitch (h >> ", s->number, " & 3) {\n");
	put_constant(t, "\tcase 0:\n\t\th += ", s->constant[0], "ULL;\n\t\tbreak;\n");
	put_constant(t, "\tcase 1:\n\t\th ^= ", s->constant[1], "ULL;\n\t\tbreak;\n");
	put_constant(t, "\tcase 2:\n\t\th *= ", s->constant[2] | 1, "ULL;\n\t\tbreak;\n");
	pyn_put(t, "\tdefault:\n\t\th = ~h;\n\t}\n");
}

static uint64_t branch_value(uint64_t h, const struct pyn_statement *s)
{
	switch (h >> s->number & 3) {
	case 0:
		return h + s->constant[0];
	case 1:
		return h ^ s->constant[1];
	case 2:
		return h * (s->constant[2] | 1);
	default:
		return ~h;
	}
}

static void put_table(struct pyn_text *t, const struct pyn_statement *s)
{
	pyn_put(t, "\t{\n\t\tstatic const u64 table[] = {\n");
	for (unsigned i = 0; i < 4; i++)
		put_constant(t, "\t\t\t", s->constant[i], "ULL,\n");
	put_with_number(t, "\t\t};\n\n\t\tMIX(h, table[h >> ", s->number, " & 3]);\n\t}\n");
}

static uint64_t table_value(uint64_t h, const struct pyn_statement *s)
{
	return pyn_fold(h, s->constant[h >> s->number & 3]);
}

static void put_text(struct pyn_text *t, const struct pyn_statement *s)
{
	pyn_puts(t, "\tMIX(h, pyn_text(\"", s->text, "\"));\n", (char *)NULL);
}

static uint64_t text_value(uint64_t h, const struct pyn_statement *s)
{
	return pyn_fold(h, pyn_text_value(s->text));
}

/* In the order of enum pyn_kind. */
static const struct {
	void (*put)(struct pyn_text *t, const struct pyn_statement *s);
	uint64_t (*value)(uint64_t h, const struct pyn_statement *s);
} kinds[PYN_KINDS] = {
	{put_arith, arith_value},   {put_float, float_value}, {put_loop, loop_value},
	{put_branch, branch_value}, {put_table, table_value}, {put_text, text_value},
};

void pyn_statement_put(struct pyn_text *t, const struct pyn_statement *s)
{
	kinds[s->kind].put(t, s);
}

uint64_t pyn_statement_value(uint64_t h, const struct pyn_statement *s)
{
	return kinds[s->kind].value(h, s);
}

static enum pyn_kind draw_kind(struct pyn_random *r, uint64_t allowed)
{
	uint32_t count = 0, chosen;

	for (unsigned i = 0; i < PYN_KINDS; i++)
		count += allowed >> i & 1;
	chosen = pyn_below(r, count);
	for (unsigned i = 0; i < PYN_KINDS; i++)
		if ((allowed >> i & 1) && chosen-- == 0)
			return (enum pyn_kind)i;
	return PYN_KIND_ARITH;
}

void pyn_statement_draw(struct pyn_statement *s, struct pyn_random *r, uint64_t allowed)
{
	unsigned length;

	s->kind = draw_kind(r, allowed);
	s->number = pyn_below(r, 8);
	for (unsigned i = 0; i < 4; i++)
		s->constant[i] = pyn_next(r);
	length = 4 + (unsigned)(s->constant[0] % 20);
	for (unsigned i = 0; i < length; i++)
		s->text[i] = (char)('a' + (s->constant[i & 3] >> (i * 2 & 31)) % 26);
	s->text[length] = '\0';
}
