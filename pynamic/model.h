/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generated application as a whole: its libraries, who links with whom, which functions a run
 * visits, and what the checksum of such a run will be.
 *
 * A library's functions form chains of `depth`: function 0 calls 1, which calls 2, ... A module's
 * entry function, called from Python, calls the first of each chain that is visited. Each function
 * of a module calls one of the functions of the utility libraries that the module is linked with.
 * Every chain of a utility library that is to be visited is called from its start by the one module
 * that owns the library, so the coverage is what was asked for, exactly counted.
 */
#ifndef PYNAMIC_MODEL_H
#define PYNAMIC_MODEL_H

#include <stdint.h>

#include "cache-tools/error.h"
#include "pynamic/function.h"
#include "pynamic/params.h"

struct pyn_library {
	int is_module;
	unsigned index;
	uint64_t key;
	char name[24]; /* pyn_m0012 or pyn_u0003 */
	uint32_t functions;
	uint32_t chains;
	uint32_t visited_chains;
	uint32_t visited_functions;
	uint32_t *visited; /* the visited chains, ascending; owned */
	uint64_t *
		rest; /* utilities: what the functions that function i leads to contribute; owned */
	int cxx;
	uint32_t data, bss, tls; /* bytes */
	uint32_t directory;	 /* of the search path */
	unsigned *links;	 /* modules: utility libraries, ascending; owned */
	unsigned link_count;
	int cross; /* modules: the module whose function its entry calls; -1: none */
};

struct pyn_counts {
	uint64_t functions, visited_functions;
	uint64_t call_sites; /* calls in the sources, the entry functions' included */
	uint64_t calls;	     /* calls that a run makes */
	uint64_t bytes;	     /* of sources */
	uint64_t python_files;
};

struct pyn_model {
	struct pyn_params params;
	struct pyn_library *modules, *utilities;
	struct pyn_counts counts;
	uint64_t checksum; /* complete when all sources were made */
};

/* Plans everything but the bodies. The parameters were checked. -1: out of memory. */
int pyn_model_make(struct pyn_model *m, const struct pyn_params *p, struct dlfm_error *e);
void pyn_model_free(struct pyn_model *m);

/* Function i of a library. */
void pyn_library_function(struct pyn_function *f, const struct pyn_library *l, uint32_t i);
/* The function of a module that other modules call. */
void pyn_library_extern(struct pyn_function *f, const struct pyn_library *l);
/* The arguments with which function i is called by: its chain (function i - 1, or the entry). */
void pyn_chain_arguments(struct pyn_values *v, const struct pyn_function *f,
			 const struct pyn_library *l, uint32_t i);
void pyn_extern_arguments(struct pyn_values *v, const struct pyn_function *f,
			  const struct pyn_library *caller);

/* What a library adds to the checksum when it is touched (constructors, data, TLS). */
uint64_t pyn_touch_value(const struct pyn_library *l);

/* 1 if the module is the one that sees to the utility library: visits its chains, touches it, adds
 * its sum. */
int pyn_owns(const struct pyn_model *m, const struct pyn_library *module, unsigned utility);

/* 1 if a run visits function i. */
int pyn_is_visited(const struct pyn_model *m, const struct pyn_library *l, uint32_t i);

/* A call of a utility function by a module's function. */
struct pyn_utility_call {
	const struct pyn_library *utility;
	uint32_t function;
	uint64_t site; /* key of the arguments */
};

/* The calls that function i of a module makes: the first is for n = 0, and so on; 0 when there are
 * no more. */
struct pyn_call_plan;
int pyn_call_plan_make(struct pyn_call_plan **plan, const struct pyn_model *m,
		       const struct pyn_library *module);
unsigned pyn_planned_calls(const struct pyn_call_plan *plan, uint32_t i);
void pyn_planned_call(const struct pyn_call_plan *plan, uint32_t i, unsigned n,
		      struct pyn_utility_call *call);
void pyn_call_plan_free(struct pyn_call_plan *plan);

/* Functions that a call of function i of a utility library runs: itself and the rest of its chain.
 */
uint32_t pyn_chain_rest(const struct pyn_model *m, const struct pyn_library *l, uint32_t i);

#endif
