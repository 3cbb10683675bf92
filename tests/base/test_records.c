/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of records: what was appended is found again, and nothing else is, wherever a file ends and whatever bit of it
 * has changed.
 */
#include "support/support.h"

#include "base/error.h"
#include "base/records.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const SolDigest key = {{1, 2, 3, 200}}, other_key = {{1, 2, 3, 201}};

/* What the tests append; the second has no data. */
static const SolRecord records[] = {
    {-5, INT64_MAX, INT64_MIN, 0, 5, (const uint8_t *)"first"},
    {0, 0, 0, 7, 0, NULL},
    {1, 2, 3, INT64_MAX, 300, (const uint8_t *)"a longer one of three hundred bytes, which end within these digits: "
                                               "0123456789012345678901234567890123456789012345678901234567890123456789"
                                               "0123456789012345678901234567890123456789012345678901234567890123456789"
                                               "0123456789012345678901234567890123456789012345678901234567890123456789"
                                               "012345678901234567890123456789"},
};

enum { RECORDS = sizeof records / sizeof *records, HEAD = 24 };

static const char *path_of_file(void)
{
    return in_folder("records");
}

static void append(SolRecords *file, int first, int count)
{
    for (int i = first; i < first + count; i++)
        assert_int_equal(sol_records_append(file, &records[i]), 0);
}

/* A file of all records. */
static uint8_t *write_file(bool complete, size_t *size)
{
    SolRecords *file = NULL;
    assert_int_equal(sol_records_create(&file, path_of_file(), &key), 0);
    append(file, 0, RECORDS);
    if (complete)
        assert_int_equal(sol_records_complete(file), 0);
    sol_records_close(&file);
    assert_null(file);
    return read_bytes(path_of_file(), size);
}

/* How many records are found, which must be the first ones; *ended as sol_records_ended(). -1: the file is refused. */
static int count_records(bool *ended)
{
    SolRecords *file = NULL;
    SolRecord record;
    bool got;
    int count = 0;
    if (sol_records_open(&file, path_of_file(), &key) != 0)
        return -1;
    for (;;) {
        assert_int_equal(sol_records_next(file, &record, &got), 0);
        if (!got)
            break;
        assert_in_range(count, 0, RECORDS - 1);
        assert_true(record.time == records[count].time && record.place == records[count].place);
        assert_true(record.duration == records[count].duration && record.flags == records[count].flags);
        assert_int_equal(record.size, records[count].size);
        if (record.size > 0)
            assert_memory_equal(record.data, records[count].data, record.size);
        count++;
    }
    assert_int_equal(sol_records_next(file, &record, &got), 0);
    assert_false(got); /* the end stays the end */
    *ended = sol_records_ended(file);
    sol_records_close(&file);
    return count;
}

/* How many records lie wholly within the first `size` bytes. */
static int whole_records(size_t size)
{
    size_t end = HEAD;
    int count = 0;
    while (count < RECORDS && (end += SOL_RECORD_HEAD + records[count].size) <= size)
        count++;
    return count;
}

static void test_cut_off_anywhere(void **state)
{
    size_t size;
    uint8_t *bytes = write_file(true, &size);
    int64_t count;
    bool ended;
    (void)state;
    assert_int_equal(count_records(&ended), RECORDS);
    assert_true(ended);
    assert_true(sol_records_verify(path_of_file(), &key, &count));
    assert_int_equal(count, RECORDS);
    for (size_t cut = 0; cut < size; cut++) {
        write_bytes(path_of_file(), bytes, cut);
        assert_int_equal(count_records(&ended), cut < HEAD ? -1 : whole_records(cut));
        assert_true(cut < HEAD || !ended);
        assert_false(sol_records_verify(path_of_file(), &key, &count));
        assert_int_equal(sol_records_are_in(path_of_file()), cut == 0 || cut >= 8);
    }
    free(bytes);
}

static void test_any_bit(void **state)
{
    size_t size;
    uint8_t *bytes = write_file(true, &size);
    int64_t count;
    bool ended;
    (void)state;
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_bytes(path_of_file(), bytes, size);
        assert_int_equal(count_records(&ended), bit / 8 < HEAD ? -1 : whole_records(bit / 8));
        assert_false(sol_records_verify(path_of_file(), &key, &count));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bytes);
}

static void test_other_key(void **state)
{
    SolRecords *file = NULL;
    int64_t count;
    size_t size;
    (void)state;
    free(write_file(true, &size));
    assert_int_equal(sol_records_open(&file, path_of_file(), &other_key), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "records: is not what it was kept for");
    assert_null(file);
    assert_false(sol_records_verify(path_of_file(), &other_key, &count));
    assert_int_equal(sol_records_open(&file, in_folder("lost"), &key), SOL_ERR_IO);
    write_text(in_folder("text"), "not records at all");
    assert_false(sol_records_are_in(in_folder("text")));
    assert_false(sol_records_are_in(in_folder("lost")));
}

/* Sizes that a file cannot have ask for no memory. */
static void test_huge_sizes(void **state)
{
    static const uint64_t sizes[] = {301, 1u << 31, (uint64_t)1 << 40, INT64_MAX, UINT64_MAX};
    size_t size, at;
    uint8_t *bytes = write_file(true, &size);
    bool ended;
    (void)state;
    at = HEAD + 2 * SOL_RECORD_HEAD + records[0].size;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int k = 0; k < 8; k++)
            bytes[at + 32 + (size_t)k] = (uint8_t)(sizes[i] >> 8 * k);
        write_bytes(path_of_file(), bytes, size);
        assert_int_equal(count_records(&ended), 2);
    }
    free(bytes);
}

/* Goes on in the file behind the records up to `last`, of which there are `kept`, to what it was when it was whole. */
static void continue_file(int64_t last, int kept, const uint8_t *whole, size_t size)
{
    SolRecords *file = NULL;
    uint8_t *made;
    size_t found;
    bool ended;
    assert_int_equal(sol_records_continue(&file, path_of_file(), &key, last), 0);
    assert_int_equal(count_records(&ended), kept);
    append(file, kept, RECORDS - kept);
    sol_records_close(&file);
    made = read_bytes(path_of_file(), &found);
    assert_int_equal(found, size);
    assert_memory_equal(made, whole, size);
    free(made);
}

/* Wherever a file was cut off or damaged, appending goes on behind the last record that is whole. */
static void test_continuing(void **state)
{
    size_t size;
    uint8_t *bytes = write_file(false, &size);
    bool ended;
    (void)state;
    for (size_t cut = 0; cut <= size; cut++) {
        int whole = cut < HEAD ? 0 : whole_records(cut);
        write_bytes(path_of_file(), bytes, cut);
        continue_file(INT64_MAX, whole, bytes, size);
    }
    free(bytes);
    /* a complete file loses its end; one of another key everything; one that is not there is made */
    for (int i = 0; i < 3; i++) {
        SolRecords *file = NULL;
        free(write_file(true, &size));
        if (i == 2)
            assert_int_equal(unlink(path_of_file()), 0);
        assert_int_equal(sol_records_continue(&file, path_of_file(), i == 1 ? &other_key : &key, INT64_MAX), 0);
        sol_records_close(&file);
        assert_int_equal(count_records(&ended), i == 0 ? RECORDS : i == 1 ? -1 : 0);
        assert_true(i == 1 || !ended);
    }
}

/* What is of a time behind the last that is wanted is cut off. */
static void test_continuing_in_the_middle(void **state)
{
    static const struct {
        int64_t last;
        int kept;
    } rows[] = {{INT64_MIN, 0}, {-6, 0}, {-5, 1}, {-1, 1}, {0, 2}, {1, 3}, {9, 3}};
    size_t size;
    uint8_t *bytes = write_file(false, &size);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_bytes(path_of_file(), bytes, size);
        continue_file(rows[i].last, rows[i].kept, bytes, size);
    }
    free(bytes);
}

/* Room that was reserved and not used is no record, and is given back when the file is complete. */
static void test_reserving(void **state)
{
    SolRecords *file = NULL;
    struct stat status;
    int64_t count;
    bool ended;
    (void)state;
    assert_int_equal(sol_records_create(&file, path_of_file(), &key), 0);
    append(file, 0, 1);
    assert_int_equal(sol_records_reserve(file, 100000), 0);
    append(file, 1, 1);
    assert_int_equal(count_records(&ended), 2);
    assert_false(ended);
    sol_records_close(&file);
    assert_int_equal(count_records(&ended), 2);
    assert_int_equal(sol_records_continue(&file, path_of_file(), &key, INT64_MAX), 0);
    assert_int_equal(sol_records_reserve(file, 100000), 0);
    append(file, 2, 1);
    assert_int_equal(sol_records_complete(file), 0);
    sol_records_close(&file);
    assert_true(sol_records_verify(path_of_file(), &key, &count));
    assert_int_equal(count, RECORDS);
    assert_int_equal(stat(path_of_file(), &status), 0);
    assert_int_equal(status.st_size, HEAD + (RECORDS + 1) * SOL_RECORD_HEAD + 305);
}

static void test_more_than_any_disk(void **state)
{
#if defined(__linux__) || defined(__FreeBSD__)
    SolRecords *file = NULL;
    (void)state;
    assert_int_equal(sol_records_create(&file, path_of_file(), &key), 0);
    assert_int_equal(sol_records_reserve(file, UINT64_MAX), SOL_ERR_IO);
    assert_contains(sol_error_text(), ": cannot be written: ");
    append(file, 0, 1);
    sol_records_close(&file);
#else
    (void)state;
    skip();
#endif
}

static void test_closing_nothing(void **state)
{
    SolRecords *file = NULL;
    (void)state;
    sol_records_close(&file);
    assert_int_equal(sol_records_create(&file, in_folder("no/such/folder"), &key), SOL_ERR_IO);
    assert_null(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_off_anywhere), cmocka_unit_test(test_any_bit),
        cmocka_unit_test(test_other_key),        cmocka_unit_test(test_huge_sizes),
        cmocka_unit_test(test_continuing),       cmocka_unit_test(test_continuing_in_the_middle),
        cmocka_unit_test(test_reserving),
        cmocka_unit_test(test_more_than_any_disk), cmocka_unit_test(test_closing_nothing),
    };
    return cmocka_run_group_tests_name("base/records", tests, set_up_folder, tear_down_folder);
}
