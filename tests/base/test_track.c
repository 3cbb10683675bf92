/* SPDX-License-Identifier: Apache-2.0
 *
 * Tracks: keys are met exactly, what lies between two lies on a line, and what lies outside stays.
 */
#include "support/support.h"

#include "base/track.h"

#include <solstice/error.h>

#include <string.h>

/* Keys at 10, 20 and 40 with (1, -1), (2, 0) and (0, 8). */
static SolTrack made(SolTrackUnit unit, double scale)
{
    static const double at[] = {10, 20, 40}, values[] = {1, -1, 2, 0, 0, 8};
    SolTrack track = {0};
    assert_int_equal(sol_track_create(&track, 3, 2), SOL_OK);
    track.unit = unit;
    for (int i = 0; i < 3; i++)
        track.at[i] = at[i] * scale;
    memcpy(track.values, values, sizeof values);
    return track;
}

static void expect(const SolTrack *track, SolInstant at, double first, double second)
{
    double values[2] = {99, 99};
    sol_track_at(track, at, values);
    assert_true(values[0] == first);
    assert_true(values[1] == second);
}

static void test_keys_and_what_lies_between(void **state)
{
    SolTrack track = made(SOL_TRACK_FRAMES, 1);
    (void)state;
    expect(&track, (SolInstant){.frame = -5}, 1, -1);
    expect(&track, (SolInstant){.frame = 9}, 1, -1);
    expect(&track, (SolInstant){.frame = 10}, 1, -1);
    expect(&track, (SolInstant){.frame = 15}, 1.5, -0.5);
    expect(&track, (SolInstant){.frame = 20}, 2, 0);
    expect(&track, (SolInstant){.frame = 25}, 1.5, 2);
    expect(&track, (SolInstant){.frame = 40}, 0, 8);
    expect(&track, (SolInstant){.frame = 41}, 0, 8);
    expect(&track, (SolInstant){.frame = 1e300}, 0, 8);
    sol_track_clear(&track);
}

static void test_every_unit_reads_its_own_clock(void **state)
{
    (void)state;
    for (int unit = SOL_TRACK_FRAMES; unit <= SOL_TRACK_SHARE; unit++) {
        SolTrack track = made((SolTrackUnit)unit, 1);
        SolInstant at = {.frame = 99, .seconds = 99, .share = 99};
        *(unit == SOL_TRACK_FRAMES ? &at.frame : unit == SOL_TRACK_SECONDS ? &at.seconds : &at.share) = 15;
        expect(&track, at, 1.5, -0.5);
        sol_track_clear(&track);
    }
}

static void test_a_single_key_holds_always(void **state)
{
    SolTrack track = {0};
    double value = 0;
    (void)state;
    assert_int_equal(sol_track_create(&track, 1, 1), SOL_OK);
    track.values[0] = 7;
    for (int frame = -1; frame < 3; frame++) {
        sol_track_at(&track, (SolInstant){.frame = frame}, &value);
        assert_true(value == 7);
    }
    sol_track_clear(&track);
    assert_null(track.at);
    sol_track_clear(&track);
}

/* Many keys, each found: a search that is off by one somewhere would show. */
static void test_many_keys(void **state)
{
    SolTrack track = {0};
    (void)state;
    for (int count = 1; count < 40; count++) {
        assert_int_equal(sol_track_create(&track, count, 1), SOL_OK);
        for (int i = 0; i < count; i++) {
            track.at[i] = 3 * i;
            track.values[i] = i * i;
        }
        for (int frame = 0; frame <= 3 * (count - 1); frame++) {
            int i = frame / 3, part = frame % 3;
            double value, wanted = part ? i * i + part / 3.0 * ((i + 1) * (i + 1) - i * i) : i * i;
            sol_track_at(&track, (SolInstant){.frame = frame}, &value);
            assert_true(value > wanted - 1e-9 && value < wanted + 1e-9);
        }
        sol_track_clear(&track);
    }
}

static void test_tracks_that_cannot_be(void **state)
{
    SolTrack track = {0};
    (void)state;
    assert_int_equal(sol_track_create(&track, 0, 1), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_track_create(&track, 1, 0), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_track_create(&track, 1, SOL_TRACK_WIDTH_MAX + 1), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "a track of 1 keys of 4097 numbers cannot be");
    assert_null(track.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_and_what_lies_between), cmocka_unit_test(test_every_unit_reads_its_own_clock),
        cmocka_unit_test(test_a_single_key_holds_always),  cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_tracks_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
