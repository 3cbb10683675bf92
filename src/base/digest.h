/* SPDX-License-Identifier: Apache-2.0
 *
 * Fingerprints of 128 bits (MurmurHash3): whether two things are the same, as far as accidents go. They keep nobody
 * from making a second thing with the fingerprint of a first.
 */
#ifndef SOL_BASE_DIGEST_H
#define SOL_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

typedef struct SolDigest {
    uint8_t bytes[16];
} SolDigest;

/* A fingerprint in the making. */
typedef struct SolDigester SolDigester;

/** @param[out] digester  of nothing so far; released by sol_digester_close() */
int sol_digester_open(SolDigester **digester);

void sol_digester_add(SolDigester *digester, const void *bytes, size_t size);

/** A text with its length, so that "ab", "c" is not "a", "bc"; NULL differs from "". */
void sol_digester_add_text(SolDigester *digester, const char *text);

/** A number, whatever the machine's byte order. */
void sol_digester_add_int(SolDigester *digester, int64_t number);
void sol_digester_add_double(SolDigester *digester, double number);

/** What a file holds. 0, SOL_ERR_IO, SOL_ERR_NOMEM. */
int sol_digester_add_file(SolDigester *digester, const char *path);

/** The fingerprint of all that was added; begins anew. */
SolDigest sol_digester_finish(SolDigester *digester);

/** Sets *digester to NULL; NULL is accepted. */
void sol_digester_close(SolDigester **digester);

/** 32 lower-case hexadecimal digits. */
const char *sol_digest_text(const SolDigest *digest, char text[33]);

#endif
