/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a node can be reached: its addresses, its port and the secret that a peer must know. This
 * is what each rank puts into PMIx, as one value.
 */
#ifndef DLFM_PMIX_ENDPOINT_H
#define DLFM_PMIX_ENDPOINT_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "cache-tools/error.h"
#include "pmix-dist/auth.h"

enum { ENDPOINT_ADDRESSES = 16, ENDPOINT_NODE_MAX = 64 };
/* A packed endpoint is never larger. */
enum { ENDPOINT_PACKED_MAX = 512 };

struct endpoint {
	char node[ENDPOINT_NODE_MAX];
	uint8_t secret[AUTH_SECRET_SIZE];
	uint16_t port;
	unsigned n;				     /* addresses */
	struct in6_addr address[ENDPOINT_ADDRESSES]; /* IPv4 ones are mapped */
};

/*
 * Makes a secret, listens on a port of the system's choice and collects the addresses of all
 * interfaces that are up, or of those whose names match `interfaces` (patterns of fnmatch(3),
 * separated by commas; NULL: all). Loopback is used only if there is nothing else. Returns the
 * listening socket (close-on-exec, non-blocking), or -1 with a text.
 */
int endpoint_listen(struct endpoint *ep, const char *node, const char *interfaces,
		    struct dlfm_error *e);

size_t endpoint_pack(const struct endpoint *ep, uint8_t out[ENDPOINT_PACKED_MAX]);
/* -1 if the bytes are not a packed endpoint. */
int endpoint_unpack(struct endpoint *ep, const void *data, size_t size);

/* Address i as one to connect to; returns its length. */
socklen_t endpoint_address(const struct endpoint *ep, unsigned i, struct sockaddr_storage *to);

#endif
