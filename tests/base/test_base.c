/* SPDX-License-Identifier: Apache-2.0
 *
 * The ground floor: checked sizes, error texts, strings, the worker pool and the queue.
 */
#include "support/support.h"

#include "base/background.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/queue.h"
#include "base/random.h"
#include "base/text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static void test_sizes_do_not_wrap(void **state)
{
    size_t value = 7;
    (void)state;
    assert_true(sol_mul(3, 4, &value) && value == 12);
    assert_true(sol_mul(SIZE_MAX, 0, &value) && value == 0);
    assert_false(sol_mul(SIZE_MAX / 2 + 1, 2, &value));
    assert_false(sol_add(SIZE_MAX, 1, &value));
    assert_int_equal(value, 0);
    assert_null(sol_alloc(SIZE_MAX / 2, 3));
    assert_null(sol_alloc(SIZE_MAX, 1));
}

static void test_memory_is_aligned_and_cleared(void **state)
{
    (void)state;
    for (size_t n = 0; n < 200; n += 7) {
        char *memory = sol_calloc(n, 3);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % SOL_ALIGNMENT, 0);
        for (size_t i = 0; i < 3 * n; i++)
            assert_int_equal(memory[i], 0);
        sol_free(memory);
    }
}

static void test_grow_keeps_what_is_there(void **state)
{
    int *items = NULL;
    size_t capacity = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_true(sol_grow((void **)&items, &capacity, (size_t)i + 1, sizeof *items));
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    assert_false(sol_grow((void **)&items, &capacity, SIZE_MAX, sizeof *items));
    free(items);
}

static void test_errors_nest(void **state)
{
    (void)state;
    assert_int_equal(sol_fail(SOL_ERR_FORMAT, "bad %s", "header"), SOL_ERR_FORMAT);
    assert_int_equal(sol_fail_within(SOL_ERR_FORMAT, "file %d", 3), SOL_ERR_FORMAT);
    assert_string_equal(sol_error_text(), "file 3: bad header");
    sol_fail(SOL_ERR_IO, "again: %s", sol_error_text());
    assert_string_equal(sol_error_text(), "again: file 3: bad header");
}

static void test_error_text_is_one_line(void **state)
{
    (void)state;
    sol_fail(SOL_ERR_FORMAT, "tensor \"%s\"", "a\nb\x1b[2J\x7f\u00e9");
    assert_string_equal(sol_error_text(), "tensor \"a?b?[2J?\u00e9\"");
}

static void *fail_elsewhere(void *unused)
{
    sol_fail(SOL_ERR_IO, "another thread's");
    return unused;
}

static void test_error_text_is_the_threads_own(void **state)
{
    pthread_t thread;
    (void)state;
    sol_fail(SOL_ERR_IO, "mine");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
    pthread_join(thread, NULL);
    assert_string_equal(sol_error_text(), "mine");
}

static void test_integers(void **state)
{
    int64_t value = 0;
    (void)state;
    assert_true(sol_parse_int("0", 0, 9, &value) && value == 0);
    assert_true(sol_parse_int("-12", -20, 9, &value) && value == -12);
    assert_true(sol_parse_int("9223372036854775807", 0, INT64_MAX, &value) && value == INT64_MAX);
    assert_false(sol_parse_int("9223372036854775808", 0, INT64_MAX, &value));
    assert_false(sol_parse_int("", 0, 9, &value));
    assert_false(sol_parse_int("-", -9, 9, &value));
    assert_false(sol_parse_int("1 ", 0, 9, &value));
    assert_false(sol_parse_int("10", 0, 9, &value));
    assert_false(sol_parse_int("0x1", 0, 9, &value));
}

static void test_numbers(void **state)
{
    double value = 0;
    (void)state;
    assert_true(sol_parse_number("0.5", &value) && value == 0.5);
    assert_true(sol_parse_number("-3", &value) && value == -3);
    assert_true(sol_parse_number(".25", &value) && value == 0.25);
    assert_true(sol_parse_number("1e-3", &value) && value > 0.00099999 && value < 0.00100001);
    assert_true(sol_parse_number("2E+2", &value) && value == 200);
    assert_false(sol_parse_number("", &value));
    assert_false(sol_parse_number(".", &value));
    assert_false(sol_parse_number("1,5", &value));
    assert_false(sol_parse_number("nan", &value));
    assert_false(sol_parse_number("inf", &value));
    assert_false(sol_parse_number("1e", &value));
    assert_false(sol_parse_number("--1", &value));
}

static void test_ranges(void **state)
{
    int64_t a = 0, b = 0;
    (void)state;
    assert_true(sol_parse_range("0-59", &a, &b) && a == 0 && b == 59);
    assert_true(sol_parse_range("7", &a, &b) && a == 7 && b == 7);
    assert_false(sol_parse_range("59-0", &a, &b));
    assert_false(sol_parse_range("-5", &a, &b));
    assert_false(sol_parse_range("5-", &a, &b));
    assert_false(sol_parse_range("1-2-3", &a, &b));
}

static void test_amounts_of_memory(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } right[] = {
        {"64MiB", (uint64_t)64 << 20}, {"2GiB", (uint64_t)2 << 30},  {"2G", (uint64_t)2 << 30},
        {"2GB", 2000000000},           {"1.5 GiB", (uint64_t)3 << 29}, {"0.25TiB", (uint64_t)1 << 38},
        {"67108864", (uint64_t)1 << 26}, {"67108864B", (uint64_t)1 << 26}, {"65536 K", (uint64_t)1 << 26},
        {"100MB", 100000000},          {"1T", (uint64_t)1 << 40},    {"65536KiB", (uint64_t)1 << 26},
    };
    static const char *const wrong[] = {"",     "GiB",  "67108863", "63.9MiB", "67MB",  "-2GiB", "2 Gi",   "2gib",
                                        "2GiBx", "2iB", "1e9",      "2GiB ",   "2 ",    "nan",   "9000000000TiB",
                                        "1..5GiB", "+2GiB", "1111111111111111111111111111111111111111"};
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        uint64_t bytes = 0;
        if (!sol_parse_memory(right[i].text, &bytes) || bytes != right[i].bytes)
            fail_msg("%s: %llu bytes", right[i].text, (unsigned long long)bytes);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint64_t bytes = 77;
        if (sol_parse_memory(wrong[i], &bytes) || bytes != 77)
            fail_msg("%s is %llu bytes", wrong[i], (unsigned long long)bytes);
    }
    assert_true(sol_machine_memory() >= SOL_MEMORY_MIN);
}

static void test_nearest(void **state)
{
    const char *const names[] = {"segments", "style", "strength", "crf", NULL};
    (void)state;
    assert_string_equal(sol_nearest("segmets", names), "segments");
    assert_string_equal(sol_nearest("Style", names), "style");
    assert_string_equal(sol_nearest("stlye", names), "style");
    assert_string_equal(sol_nearest("cfr", names), "crf");
    assert_null(sol_nearest("banana", names));
    assert_null(sol_nearest("", names));
}

/* ---- pool ---- */

enum { ITEMS = 1000 };

static void mark(void *context, int item)
{
    atomic_int *counts = context;
    atomic_fetch_add(&counts[item], 1);
}

static void test_natural_order(void **state)
{
    static const char *const ascending[] = {"", "a", "a01", "a1", "a2", "a10", "a10b", "a010c", "a11", "b", "film9.yaml",
                                            "film10.yaml", "film99999999999999999998", "film99999999999999999999"};
    enum { COUNT = sizeof ascending / sizeof *ascending };
    (void)state;
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < COUNT; k++) {
            int order = sol_compare_natural(ascending[i], ascending[k]);
            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("\"%s\" and \"%s\": %d", ascending[i], ascending[k], order);
        }
}

static void test_pool_runs_every_item_once(void **state)
{
    static atomic_int counts[ITEMS];
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        SolPool *pool = NULL;
        assert_int_equal(sol_pool_open(&pool, threads), 0);
        assert_int_equal(sol_pool_threads(pool), threads);
        for (int round = 0; round < 50; round++) {
            int n = round * ITEMS / 49;
            memset(counts, 0, sizeof counts);
            sol_pool_run(pool, mark, counts, n);
            for (int i = 0; i < ITEMS; i++)
                assert_int_equal(atomic_load(&counts[i]), i < n);
        }
        sol_pool_close(&pool);
        assert_null(pool);
    }
}

/* Who ran which item. */
typedef struct Shares {
    atomic_int inside[4]; /* items that a worker is at */
    int worker[ITEMS];
    atomic_int wrong; /* workers that there are not, or were at two items at once */
    bool slow;        /* the first worker is put aside at its first item */
} Shares;

static void note_worker(void *context, int item, int worker)
{
    Shares *shares = context;
    if (worker < 0 || worker > 3 || atomic_fetch_add(&shares->inside[worker], 1) != 0) {
        atomic_fetch_add(&shares->wrong, 1);
        return;
    }
    shares->worker[item] = worker;
    if (shares->slow && item == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    atomic_fetch_sub(&shares->inside[worker], 1);
}

/* A worker is at one item at a time; what it leaves of its share while it is put aside, others take from the end. */
static void test_pool_shares(void **state)
{
    static Shares shares;
    SolPool *pool = NULL;
    int others = 0;
    (void)state;
    assert_int_equal(sol_pool_open(&pool, 4), 0);
    for (int round = 0; round < 20; round++)
        sol_pool_run_workers(pool, note_worker, &shares, ITEMS);
    shares.slow = true;
    for (int round = 0; round < 100 && others == 0; round++) { /* on a busy machine they may be put aside as well */
        sol_pool_run_workers(pool, note_worker, &shares, ITEMS);
        for (int i = 1; i < ITEMS / 4; i++)
            others += shares.worker[i] != shares.worker[0];
    }
    assert_true(others > 0);
    assert_int_equal(atomic_load(&shares.wrong), 0);
    sol_pool_run_workers(pool, note_worker, &shares, 1);
    assert_int_equal(shares.worker[0], 0);
    sol_pool_close(&pool);
    sol_pool_run_workers(NULL, note_worker, &shares, 3);
    assert_int_equal(shares.worker[2], 0);
    assert_int_equal(sol_pool_threads(NULL), 1);
}

/* Items that have begun, and those of them that were too early. */
typedef struct Order {
    atomic_int begun, early;
} Order;

static void note_order(void *context, int item)
{
    Order *order = context;
    if (item > atomic_fetch_add(&order->begun, 1) + 3) /* of four threads, three may be on their way to this line */
        atomic_fetch_add(&order->early, 1);
}

static void test_pool_in_order(void **state)
{
    SolPool *pool = NULL;
    (void)state;
    assert_int_equal(sol_pool_open(&pool, 4), 0);
    for (int round = 0; round < 50; round++) {
        Order order;
        atomic_init(&order.begun, 0);
        atomic_init(&order.early, 0);
        sol_pool_run_in_order(pool, note_order, &order, ITEMS);
        assert_int_equal(atomic_load(&order.begun), ITEMS);
        assert_int_equal(atomic_load(&order.early), 0);
    }
    sol_pool_close(&pool);
}

/* ---- queue ---- */

static atomic_int discarded;

static void discard(void *item)
{
    (void)item;
    atomic_fetch_add(&discarded, 1);
}

static int numbers[100];

static void *push_all(void *argument)
{
    SolQueue *queue = argument;
    for (int i = 0; i < 100; i++)
        if (!sol_queue_push(queue, &numbers[i]))
            return NULL;
    sol_queue_finish(queue);
    return NULL;
}

static void test_queue_drains_in_order(void **state)
{
    SolQueue *queue = NULL;
    pthread_t thread;
    void *item;
    (void)state;
    assert_int_equal(sol_queue_open(&queue, 3, discard), 0);
    assert_int_equal(pthread_create(&thread, NULL, push_all, queue), 0);
    for (int i = 0; i < 100; i++) {
        assert_true(sol_queue_pop(queue, &item));
        assert_ptr_equal(item, &numbers[i]);
    }
    assert_false(sol_queue_pop(queue, &item));
    pthread_join(thread, NULL);
    sol_queue_close(&queue);
}

static void test_queue_abort_wakes_both_ends(void **state)
{
    SolQueue *queue = NULL;
    pthread_t thread;
    void *item;
    (void)state;
    atomic_store(&discarded, 0);
    assert_int_equal(sol_queue_open(&queue, 3, discard), 0);
    assert_int_equal(pthread_create(&thread, NULL, push_all, queue), 0); /* waits: nobody pops */
    assert_true(sol_queue_pop(queue, &item));
    sol_queue_abort(queue);
    pthread_join(thread, NULL);
    assert_false(sol_queue_pop(queue, &item));
    assert_false(sol_queue_push(queue, item));
    sol_queue_close(&queue);
    assert_true(atomic_load(&discarded) <= 3);
}

static void test_queue_discards_what_nobody_took(void **state)
{
    SolQueue *queue = NULL;
    (void)state;
    atomic_store(&discarded, 0);
    assert_int_equal(sol_queue_open(&queue, 3, discard), 0);
    assert_true(sol_queue_push(queue, &numbers[0]));
    assert_true(sol_queue_push(queue, &numbers[1]));
    sol_queue_close(&queue);
    assert_int_equal(atomic_load(&discarded), 2);
}

static void test_random_numbers(void **state)
{
    uint64_t zero = 0, large = 1234567;
    (void)state;
    /* the published sequences for these seeds */
    assert_int_equal(sol_random(&zero), 0xE220A8397B1DCDAFu);
    assert_int_equal(sol_random(&large), 6457827717110365317u);
    assert_int_equal(sol_random(&large), 3203168211198807973u);
}

static void test_cpu_mask(void **state)
{
    unsigned all;
    (void)state;
    unsetenv("SOLSTICE_CPUMASK");
    all = sol_cpu_flags();
    assert_true(!(all & SOL_CPU_AVX512) || all & SOL_CPU_AVX2);
    static const struct {
        const char *mask;
        unsigned left;
    } masks[] = {{"c", 0}, {"0", 0}, {"avx2", SOL_CPU_AVX2}, {"1", SOL_CPU_AVX2},
                 {"avx512", SOL_CPU_AVX2 | SOL_CPU_AVX512}, {"3", SOL_CPU_AVX2 | SOL_CPU_AVX512},
                 {"bf16", ~(unsigned)SOL_CPU_AMX}, {"amx", ~0u}, {"", ~0u}, {"altivec", ~0u}, {"-1", ~0u}};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        setenv("SOLSTICE_CPUMASK", masks[i].mask, 1);
        assert_int_equal(sol_cpu_flags(), all & masks[i].left);
    }
    unsetenv("SOLSTICE_CPUMASK");
}

#ifdef __linux__
static void *own_priority(void *argument)
{
    *(int *)argument = getpriority(PRIO_PROCESS, 0);
    return NULL;
}

/* Stands back, and starts a thread of its own. */
static void *stand_back(void *argument)
{
    int *priorities = argument;
    pthread_t thread;
    sol_background();
    own_priority(&priorities[0]);
    assert_int_equal(pthread_create(&thread, NULL, own_priority, &priorities[1]), 0);
    pthread_join(thread, NULL);
    return NULL;
}

static void test_background_is_the_threads_own(void **state)
{
    int before = getpriority(PRIO_PROCESS, 0), priorities[2] = {-100, -100};
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stand_back, priorities), 0);
    pthread_join(thread, NULL);
    assert_int_equal(priorities[0], 19);
    assert_int_equal(priorities[1], 19);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_do_not_wrap),
        cmocka_unit_test(test_memory_is_aligned_and_cleared),
        cmocka_unit_test(test_grow_keeps_what_is_there),
        cmocka_unit_test(test_errors_nest),
        cmocka_unit_test(test_error_text_is_one_line),
        cmocka_unit_test(test_error_text_is_the_threads_own),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_natural_order), cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_amounts_of_memory),
        cmocka_unit_test(test_pool_runs_every_item_once),
        cmocka_unit_test(test_pool_shares),
        cmocka_unit_test(test_pool_in_order),
        cmocka_unit_test(test_queue_drains_in_order),
        cmocka_unit_test(test_queue_abort_wakes_both_ends),
        cmocka_unit_test(test_queue_discards_what_nobody_took),
        cmocka_unit_test(test_random_numbers),
#ifdef __linux__
        cmocka_unit_test(test_background_is_the_threads_own),
#endif
        cmocka_unit_test(test_cpu_mask),
    };
    return cmocka_run_group_tests_name("base/base", tests, NULL, NULL);
}
