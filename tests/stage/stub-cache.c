/* SPDX-License-Identifier: BSD-3-Clause */
/* stub-cache FILE MIB: writes a cache for the stub stager, of pseudo-random bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdlfm/hash.h"

enum { HEADER = 256, PIECE = 65536 };

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

int main(int argc, char **argv)
{
	static XXH3_state_t digest;
	static uint64_t piece[PIECE / 8];
	uint8_t header[HEADER] = "STUBCACH";
	uint64_t state = 88172645463325252u, size, done, n, i;
	XXH128_canonical_t sum;
	FILE *f = argc == 3 ? fopen(argv[1], "w") : NULL;

	if (!f)
		return 2;
	size = HEADER + (uint64_t)(strtod(argv[2], NULL) * 1048576);
	XXH3_128bits_reset(&digest);
	fwrite(header, 1, HEADER, f);
	for (done = HEADER; done < size; done += n) {
		n = size - done < PIECE ? size - done : PIECE;
		for (i = 0; i < PIECE / 8; i++)
			piece[i] = next(&state);
		XXH3_128bits_update(&digest, piece, n);
		fwrite(piece, 1, n, f);
	}
	XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(&digest));
	memcpy(header + 8, &size, 8);
	memcpy(header + 16, sum.digest, 16);
	rewind(f);
	fwrite(header, 1, HEADER, f);
	return fclose(f) == 0 ? 0 : 1;
}
