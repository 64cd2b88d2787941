/* SPDX-License-Identifier: BSD-3-Clause */
/* The node's addresses, its listening socket, and both as bytes. */
#include <errno.h>
#include <fnmatch.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pmix-dist/endpoint.h"
#include "pmix-dist/bytes.h"

static const char magic[8] = "DLFMEP1";

enum { BACKLOG = 1024, FIXED_SIZE = 8 + AUTH_SECRET_SIZE + 2 + 1 + 1 };

static int name_matches(const char *name, const char *patterns)
{
	char one[IFNAMSIZ + 16];
	size_t n;

	for (; patterns && *patterns; patterns += n + (patterns[n] == ',')) {
		n = strcspn(patterns, ",");
		snprintf(one, sizeof(one), "%.*s", (int)n, patterns);
		if (fnmatch(one, name, 0) == 0)
			return 1;
	}
	return !patterns;
}

/* 1 and the address, mapped to IPv6, if a peer could connect to it. */
static int usable_address(const struct ifaddrs *i, struct in6_addr *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (!i->ifa_addr || !(i->ifa_flags & IFF_UP))
		return 0;
	if (i->ifa_addr->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)i->ifa_addr;

		memcpy(address->s6_addr, mapped, sizeof(mapped));
		memcpy(address->s6_addr + 12, &in->sin_addr, 4);
		return 1;
	}
	if (i->ifa_addr->sa_family == AF_INET6) {
		*address = ((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
		return !IN6_IS_ADDR_LINKLOCAL(address);
	}
	return 0;
}

static void collect(struct endpoint *ep, const struct ifaddrs *list, const char *interfaces,
		    int loopback)
{
	const struct ifaddrs *i;

	for (i = list; i && ep->n < ENDPOINT_ADDRESSES; i = i->ifa_next)
		if (!(i->ifa_flags & IFF_LOOPBACK) == !loopback &&
		    name_matches(i->ifa_name, interfaces) && usable_address(i, &ep->address[ep->n]))
			ep->n++;
}

static int find_addresses(struct endpoint *ep, const char *interfaces, struct dlfm_error *e)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return dlfm_errnof(e, "cannot list the network interfaces");
	collect(ep, list, interfaces, 0);
	if (ep->n == 0)
		collect(ep, list, interfaces, 1);
	freeifaddrs(list);
	if (ep->n == 0)
		return dlfm_errf(e,
				 "no network interface that is up matches '%s'; see --interfaces",
				 interfaces ? interfaces : "*");
	return 0;
}

static int open_socket(int family)
{
	struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
	socklen_t size =
		family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), off = 0;

	if (fd < 0)
		return -1;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&any, size) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

int endpoint_listen(struct endpoint *ep, const char *node, const char *interfaces,
		    struct dlfm_error *e)
{
	struct sockaddr_storage here;
	socklen_t size = sizeof(here);
	int fd;

	memset(ep, 0, sizeof(*ep));
	snprintf(ep->node, sizeof(ep->node), "%s", node);
	if (auth_random(ep->secret, sizeof(ep->secret)) < 0)
		return dlfm_errnof(e, "no random bytes for the secret");
	if (find_addresses(ep, interfaces, e) < 0)
		return -1;
	fd = open_socket(AF_INET6);
	if (fd < 0)
		fd = open_socket(AF_INET);
	if (fd < 0)
		return dlfm_errnof(e, "cannot listen on a TCP port");
	if (getsockname(fd, (struct sockaddr *)&here, &size) < 0) {
		close(fd);
		return dlfm_errnof(e, "cannot learn the number of the port");
	}
	/* analyzer: getsockname() has filled it */
	ep->port = ntohs(here.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&here)->sin6_port
						    : ((struct sockaddr_in *)&here)->sin_port);
	return fd;
}

size_t endpoint_pack(const struct endpoint *ep, uint8_t out[ENDPOINT_PACKED_MAX])
{
	size_t name = strlen(ep->node);
	uint8_t *p = out;

	memcpy(p, magic, sizeof(magic));
	memcpy(p + 8, ep->secret, AUTH_SECRET_SIZE);
	p += 8 + AUTH_SECRET_SIZE;
	put_u16(p, ep->port);
	p[2] = (uint8_t)ep->n;
	p[3] = (uint8_t)name;
	memcpy(p + 4, ep->node, name);
	p += 4 + name;
	memcpy(p, ep->address, ep->n * sizeof(ep->address[0]));
	return (size_t)(p - out) + ep->n * sizeof(ep->address[0]);
}

int endpoint_unpack(struct endpoint *ep, const void *data, size_t size)
{
	const uint8_t *p = data;
	size_t name;

	memset(ep, 0, sizeof(*ep));
	if (size < FIXED_SIZE || memcmp(p, magic, sizeof(magic)) != 0)
		return -1;
	p += 8;
	memcpy(ep->secret, p, AUTH_SECRET_SIZE);
	p += AUTH_SECRET_SIZE;
	ep->port = get_u16(p);
	ep->n = p[2];
	name = p[3];
	if (ep->n > ENDPOINT_ADDRESSES || name >= ENDPOINT_NODE_MAX ||
	    size != FIXED_SIZE + name + ep->n * sizeof(ep->address[0]))
		return -1;
	memcpy(ep->node, p + 4, name);
	memcpy(ep->address, p + 4 + name, ep->n * sizeof(ep->address[0]));
	return 0;
}

socklen_t endpoint_address(const struct endpoint *ep, unsigned i, struct sockaddr_storage *to)
{
	const struct in6_addr *a = &ep->address[i];
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
	struct sockaddr_in *four = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	if (IN6_IS_ADDR_V4MAPPED(a)) {
		four->sin_family = AF_INET;
		four->sin_port = htons(ep->port);
		memcpy(&four->sin_addr, a->s6_addr + 12, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(ep->port);
	six->sin6_addr = *a;
	return sizeof(*six);
}
