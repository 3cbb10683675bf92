/* SPDX-License-Identifier: Apache-2.0
 *
 * Fingerprints: those that the hash is known to have, and that things which are put together differently differ.
 */
#include "support/support.h"

#include "base/digest.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static SolDigester *digester;

static int set_up(void **state)
{
    assert_int_equal(set_up_folder(state), 0);
    return sol_digester_open(&digester);
}

static int tear_down(void **state)
{
    sol_digester_close(&digester);
    sol_digester_close(&digester);
    return tear_down_folder(state);
}

static bool is_equal(SolDigest a, SolDigest b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
    return x ^ x >> 33;
}

/* MurmurHash3 for 64-bit machines, 128 bits (Appleby 2011), as its author describes it, of at most 255 bytes. */
static SolDigest murmur(const uint8_t *bytes, size_t size, uint64_t seed)
{
    const uint64_t c[2] = {0x87c37b91114253d5, 0x4cf5ad432745937f};
    uint64_t h[2] = {seed, seed};
    uint8_t padded[256 + 16] = {0};
    SolDigest digest;
    memcpy(padded, bytes, size);
    for (size_t at = 0; at < size; at += 16) {
        uint64_t k[2] = {0, 0};
        for (int i = 0; i < 16; i++)
            k[i / 8] |= (uint64_t)padded[at + (size_t)i] << 8 * (i % 8);
        h[0] ^= rotate(k[0] * c[0], 31) * c[1];
        if (size - at >= 16)
            h[0] = (rotate(h[0], 27) + h[1]) * 5 + 0x52dce729;
        h[1] ^= rotate(k[1] * c[1], 33) * c[0];
        if (size - at >= 16)
            h[1] = (rotate(h[1], 31) + h[0]) * 5 + 0x38495ab5;
    }
    h[0] ^= size;
    h[1] ^= size;
    h[0] += h[1];
    h[1] += h[0];
    h[0] = mix(h[0]);
    h[1] = mix(h[1]);
    h[0] += h[1];
    h[1] += h[0];
    for (int i = 0; i < 16; i++)
        digest.bytes[i] = (uint8_t)(h[i / 8] >> 8 * (i % 8));
    return digest;
}

/* The seed that libavutil begins with. */
static const uint64_t seed = 0x725acc55daddca55;

static void test_against_the_definition(void **state)
{
    uint8_t bytes[255];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t size = 0; size <= sizeof bytes; size++) { /* whole: libavutil's goes by the pieces, where they end at 16 */
        sol_digester_add(digester, bytes, size);
        if (!is_equal(sol_digester_finish(digester), murmur(bytes, size, seed)))
            fail_msg("%zu bytes", size);
    }
}

/* A vector that other implementations give, which holds the twin above to account. */
static void test_known_vector(void **state)
{
    char text[33];
    const char *fox = "The quick brown fox jumps over the lazy dog";
    SolDigest digest = murmur((const uint8_t *)fox, strlen(fox), 0);
    (void)state;
    assert_string_equal(sol_digest_text(&digest, text), "6c1b07bc7bbc4be347939ac4a93c437a");
}

static SolDigest of_texts(const char *a, const char *b)
{
    sol_digester_add_text(digester, a);
    sol_digester_add_text(digester, b);
    return sol_digester_finish(digester);
}

static void test_texts_and_numbers(void **state)
{
    (void)state;
    assert_true(is_equal(of_texts("ab", "c"), of_texts("ab", "c")));
    assert_false(is_equal(of_texts("ab", "c"), of_texts("a", "bc")));
    assert_false(is_equal(of_texts("", NULL), of_texts(NULL, "")));
    assert_false(is_equal(of_texts("", ""), of_texts(NULL, "")));
    sol_digester_add_int(digester, 0x0807060504030201);
    assert_true(is_equal(sol_digester_finish(digester), murmur((const uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8}, 8, seed)));
    sol_digester_add_double(digester, 1.5);
    assert_true(is_equal(sol_digester_finish(digester), murmur((const uint8_t[]){0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, 8, seed)));
}

static SolDigest of_file(const void *bytes, size_t size)
{
    write_bytes(in_folder("file"), bytes, size);
    assert_int_equal(sol_digester_add_file(digester, in_folder("file")), 0);
    return sol_digester_finish(digester);
}

static void test_files(void **state)
{
    enum { LARGE = 700001 };
    uint8_t *bytes = calloc(LARGE, 1);
    SolDigest whole;
    (void)state;
    assert_non_null(bytes);
    whole = of_file(bytes, LARGE);
    assert_true(is_equal(whole, of_file(bytes, LARGE)));
    assert_false(is_equal(whole, of_file(bytes, LARGE - 1)));
    bytes[LARGE - 1] = 1;
    assert_false(is_equal(whole, of_file(bytes, LARGE)));
    assert_false(is_equal(of_file(bytes, 0), of_file(bytes, 1)));
    free(bytes);
    assert_int_equal(sol_digester_add_file(digester, in_folder("lost")), SOL_ERR_IO);
    assert_string_equal(error_in_folder(), "lost: cannot be read: No such file or directory");
    sol_digester_finish(digester);
    assert_int_equal(sol_digester_add_file(digester, folder), SOL_ERR_IO);
    sol_digester_finish(digester);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_the_definition), cmocka_unit_test(test_known_vector),
        cmocka_unit_test(test_texts_and_numbers), cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests_name("base/digest", tests, set_up, tear_down);
}
