/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trust between two nodes: both prove that they know the parent's secret, which travels by PMIx
 *only, and every frame on the connection carries a tag.
 *
 *	child -> parent   nonce_child, ranks
 *	parent -> child   nonce_parent, HMAC(secret, "parent" | ranks | nonces)
 *	child -> parent   HMAC(secret, "child" | ranks | nonces)
 *
 * HMAC is HMAC-SHA256. The tags are AES-256-GMAC under a key of its own for each direction of each
 * connection, HMAC(secret, direction | ranks | nonces), with the frame's number as the
 * initialisation vector: a frame that was changed, replayed, left out or put in does not verify.
 * Frames are not encrypted.
 *
 * All primitives are OpenSSL's libcrypto; XXH3 with a secret, which checks the contents, is no such
 * code.
 */
#ifndef DLFM_PMIX_AUTH_H
#define DLFM_PMIX_AUTH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum { AUTH_SECRET_SIZE = 32, AUTH_NONCE_SIZE = 32, AUTH_PROOF_SIZE = 32, AUTH_TAG_SIZE = 16 };

/* What one connection's proofs and keys are bound to. */
struct auth_session {
	uint8_t secret[AUTH_SECRET_SIZE];
	uint32_t parent, child; /* ranks */
	uint8_t nonce_parent[AUTH_NONCE_SIZE], nonce_child[AUTH_NONCE_SIZE];
};

/* Random bytes from getrandom(2). 0 or -1 with errno. */
int auth_random(void *data, size_t size);

/* The digest for `label`, which keeps roles and keys apart. 0, or -1 if libcrypto fails. */
int auth_digest(uint8_t digest[AUTH_PROOF_SIZE], const struct auth_session *s, const char *label);

/* 1 if equal, in a time that does not depend on where they differ. */
int auth_equal(const void *a, const void *b, size_t size);

/* Tags of one direction of a connection, in order. NULL if libcrypto fails. */
struct auth_stream;
struct auth_stream *auth_stream_new(const struct auth_session *s, const char *label);
void auth_stream_free(struct auth_stream *a); /* NULL is allowed */
/* The tag of the next frame, whose bytes are in `part`. 0, or -1 if libcrypto fails. */
int auth_stream_tag(struct auth_stream *a, const struct iovec *part, int n,
		    uint8_t tag[AUTH_TAG_SIZE]);

#endif
