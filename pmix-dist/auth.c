/* SPDX-License-Identifier: BSD-3-Clause */
/* Proofs and frame tags with libcrypto. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "pmix-dist/auth.h"
#include "pmix-dist/bytes.h"

enum { IV_SIZE = 12 };

struct auth_stream {
	EVP_CIPHER_CTX *cipher;
	uint64_t number; /* of the next frame */
};

int auth_random(void *data, size_t size)
{
	uint8_t *p = data;

	while (size > 0) {
		ssize_t n = getrandom(p, size, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

int auth_digest(uint8_t digest[AUTH_PROOF_SIZE], const struct auth_session *s, const char *label)
{
	uint8_t text[32 + 8 + 2 * AUTH_NONCE_SIZE] = {0};
	unsigned size = AUTH_PROOF_SIZE;

	strncpy((char *)text, label, 31);
	put_u32(text + 32, s->parent);
	put_u32(text + 36, s->child);
	memcpy(text + 40, s->nonce_parent, AUTH_NONCE_SIZE);
	memcpy(text + 40 + AUTH_NONCE_SIZE, s->nonce_child, AUTH_NONCE_SIZE);
	if (!HMAC(EVP_sha256(), s->secret, AUTH_SECRET_SIZE, text, sizeof(text), digest, &size))
		return -1;
	return size == AUTH_PROOF_SIZE ? 0 : -1;
}

int auth_equal(const void *a, const void *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}

struct auth_stream *auth_stream_new(const struct auth_session *s, const char *label)
{
	struct auth_stream *a = calloc(1, sizeof(*a));
	uint8_t key[AUTH_PROOF_SIZE];

	if (!a)
		return NULL;
	a->cipher = EVP_CIPHER_CTX_new();
	if (!a->cipher || auth_digest(key, s, label) < 0 ||
	    EVP_EncryptInit_ex(a->cipher, EVP_aes_256_gcm(), NULL, key, NULL) != 1) {
		auth_stream_free(a);
		a = NULL;
	}
	OPENSSL_cleanse(key, sizeof(key));
	return a;
}

void auth_stream_free(struct auth_stream *a)
{
	if (!a)
		return;
	EVP_CIPHER_CTX_free(a->cipher);
	free(a);
}

int auth_stream_tag(struct auth_stream *a, const struct iovec *part, int n,
		    uint8_t tag[AUTH_TAG_SIZE])
{
	uint8_t iv[IV_SIZE] = {0};
	int i, out;

	put_u64(iv + 4, a->number++);
	if (EVP_EncryptInit_ex(a->cipher, NULL, NULL, NULL, iv) != 1)
		return -1;
	for (i = 0; i < n; i++)
		if (part[i].iov_len > 0 &&
		    EVP_EncryptUpdate(a->cipher, NULL, &out, part[i].iov_base,
				      (int)part[i].iov_len) != 1)
			return -1;
	if (EVP_EncryptFinal_ex(a->cipher, tag, &out) != 1 ||
	    EVP_CIPHER_CTX_ctrl(a->cipher, EVP_CTRL_GCM_GET_TAG, AUTH_TAG_SIZE, tag) != 1)
		return -1;
	return 0;
}
