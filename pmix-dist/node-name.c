/* SPDX-License-Identifier: BSD-3-Clause */
/* This node's name, as users of the cluster know it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmix-dist/wireup.h"

void wireup_own_node(char *name, size_t size)
{
	const char *slurm = getenv("SLURMD_NODENAME");

	name[0] = name[size - 1] = '\0';
	if (slurm)
		snprintf(name, size, "%s", slurm);
	else if (gethostname(name, size - 1) < 0)
		name[0] = '\0';
}
