/* SPDX-License-Identifier: Apache-2.0
 *
 * Fingerprints, by libavutil.
 */
#include "base/digest.h"

#include "base/error.h"
#include "base/memory.h"

#include <libavutil/murmur3.h>
#include <libavutil/mem.h>

#include <stdio.h>
#include <string.h>

enum { CHUNK = 1 << 18 };

struct SolDigester {
    struct AVMurMur3 *state;
};

int sol_digester_open(SolDigester **out)
{
    SolDigester *digester = sol_calloc(1, sizeof *digester);
    if (!digester || !(digester->state = av_murmur3_alloc())) {
        sol_free(digester);
        return sol_fail_memory("a fingerprint");
    }
    av_murmur3_init(digester->state);
    *out = digester;
    return SOL_OK;
}

void sol_digester_add(SolDigester *digester, const void *bytes, size_t size)
{
    av_murmur3_update(digester->state, bytes, size);
}

void sol_digester_add_int(SolDigester *digester, int64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)number >> 8 * i);
    sol_digester_add(digester, bytes, sizeof bytes);
}

void sol_digester_add_double(SolDigester *digester, double number)
{
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    sol_digester_add_int(digester, bits);
}

void sol_digester_add_text(SolDigester *digester, const char *text)
{
    sol_digester_add_int(digester, text ? (int64_t)strlen(text) : -1);
    if (text)
        sol_digester_add(digester, text, strlen(text));
}

int sol_digester_add_file(SolDigester *digester, const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *chunk = sol_alloc(CHUNK, 1);
    size_t size, total = 0;
    int result = SOL_OK;
    if (!file)
        result = sol_fail_errno(path, "cannot be read");
    else if (!chunk)
        result = sol_fail_memory("a fingerprint");
    while (result == SOL_OK && (size = fread(chunk, 1, CHUNK, file)) > 0) {
        sol_digester_add(digester, chunk, size);
        total += size;
    }
    if (result == SOL_OK && ferror(file))
        result = sol_fail_errno(path, "cannot be read");
    sol_digester_add_int(digester, (int64_t)total);
    if (file)
        fclose(file);
    sol_free(chunk);
    return result;
}

SolDigest sol_digester_finish(SolDigester *digester)
{
    SolDigest digest;
    av_murmur3_final(digester->state, digest.bytes);
    av_murmur3_init(digester->state);
    return digest;
}

void sol_digester_close(SolDigester **out)
{
    SolDigester *digester = *out;
    *out = NULL;
    if (!digester)
        return;
    av_free(digester->state);
    sol_free(digester);
}

const char *sol_digest_text(const SolDigest *digest, char text[33])
{
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", digest->bytes[i]);
    return text;
}
