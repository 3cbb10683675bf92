/* SPDX-License-Identifier: Apache-2.0
 *
 * Which pictures are taken, and when they show: held against a naive twin that goes through the output
 * picture by picture, and against what speeds and rates mean.
 */
#include "support/support.h"

#include "media/cadence.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 2000 };

typedef struct Source {
    int64_t pts[MOST];
    SolVideoIndex index;
} Source;

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 16;
}

/* Frames `step` apart, each up to `jitter` late. */
static void make_source(Source *source, int frames, int step, int jitter, SolRational base, uint32_t seed)
{
    for (int i = 0; i < frames; i++)
        source->pts[i] = (int64_t)i * step + (i && jitter ? next_random(&seed) % (uint32_t)(jitter + 1) : 0);
    source->index = (SolVideoIndex){.frames = frames, .pts = source->pts, .end = (int64_t)frames * step, .time_base = base};
}

static SolCadence open_cadence(const Source *source, int64_t first, int64_t count, SolRational speed, SolRational fps,
                               SolRational frame_rate)
{
    SolCadence cadence;
    sol_cadence_open(&cadence, &(SolCadenceRequest){source->index.time_base, frame_rate, &source->index, first,
                                                    count ? count : source->index.frames - first, speed, fps});
    return cadence;
}

static int64_t end_of(const Source *source, int64_t frame)
{
    return frame + 1 < source->index.frames ? source->index.pts[frame + 1] : source->index.end;
}

/*
 * The twin: at picture k of a constant rate shows the last frame that begins a little after k / rate at the latest;
 * pictures go on while the film's end lies more than that behind. Times by cross-multiplication.
 */
static int64_t naive_frame(const Source *source, int64_t first, int64_t count, int64_t slack, SolRational unit,
                           SolRational fps, int64_t k)
{
    int64_t shown = -1;
    for (int64_t i = first; i < first + count; i++) {
        int64_t time = source->pts[i] - source->pts[first];
        /* (time - slack) * unit <= k / fps */
        if ((time - slack) * unit.num * fps.num <= k * fps.den * unit.den)
            shown = i;
    }
    return shown;
}

static int64_t naive_length(int64_t end, int64_t slack, SolRational unit, SolRational fps)
{
    int64_t k = 0;
    while ((end - slack) * unit.num * fps.num > k * fps.den * unit.den)
        k++;
    return k ? k : 1;
}

/* What a frame may be late: a quarter of one, or of a picture. */
static int64_t naive_slack(int64_t end, int64_t count, SolRational unit, SolRational fps)
{
    double picture = (double)fps.den / fps.num * unit.den / unit.num, frame = (double)(end / count);
    return (int64_t)(fmin(floor(picture + 0.5), frame) / 4);
}

static void check_against_twin(const Source *source, int64_t first, int64_t count, SolRational speed, SolRational fps)
{
    SolCadence cadence = open_cadence(source, first, count, speed, fps, (SolRational){0, 1});
    int64_t k = 0, origin = source->pts[first], total, slack;
    count = count ? count : source->index.frames - first;
    total = end_of(source, first + count - 1) - origin;
    slack = naive_slack(total, count, cadence.unit, fps);
    assert_int_equal(cadence.slack, slack);
    assert_true(cadence.regular);
    assert_int_equal(cadence.time_base.num, fps.den);
    assert_int_equal(cadence.time_base.den, fps.num);
    for (int64_t i = first; i < first + count; i++) {
        SolShowing showing = sol_cadence_show(&cadence, source->pts[i] - origin, end_of(source, i) - origin,
                                              i == first + count - 1);
        assert_true(showing.count >= 0);
        assert_int_equal(showing.duration, 1);
        if (showing.count > 0)
            assert_int_equal(showing.pts, k);
        for (int64_t n = 0; n < showing.count; n++, k++)
            if (naive_frame(source, first, count, slack, cadence.unit, fps, k) != i)
                fail_msg("picture %d shows frame %d", (int)k, (int)i);
    }
    assert_int_equal(k, naive_length(total, slack, cadence.unit, fps));
    assert_int_equal(k, sol_cadence_end(&cadence, total, true));
}

static void test_against_twin(void **state)
{
    static const SolRational speeds[] = {{1, 1}, {2, 1}, {4, 1}, {1, 2}, {7, 3}, {1, 10}, {60, 1}};
    static const SolRational rates[] = {{30, 1}, {25, 1}, {30000, 1001}, {24000, 1001}, {60000, 1001}, {1, 2}, {50, 1}};
    Source *source = malloc(sizeof *source);
    (void)state;
    assert_non_null(source);
    for (int s = 0; s < 7; s++)
        for (int r = 0; r < 7; r++) {
            make_source(source, 97, 1001, 0, (SolRational){1, 30000}, 1);
            check_against_twin(source, 0, 0, speeds[s], rates[r]);
            check_against_twin(source, 11, 40, speeds[s], rates[r]);
            make_source(source, 80, 33, 12, (SolRational){1, 1000}, (uint32_t)(s + 7 * r));
            check_against_twin(source, 0, 0, speeds[s], rates[r]);
            check_against_twin(source, 79, 1, speeds[s], rates[r]);
            make_source(source, 60, 400, 390, (SolRational){1, 12800}, (uint32_t)(s + 7 * r));
            check_against_twin(source, 5, 0, speeds[s], rates[r]);
        }
    free(source);
}

static void test_own_times_by_default(void **state)
{
    Source *source = malloc(sizeof *source);
    SolCadence cadence;
    (void)state;
    assert_non_null(source);
    make_source(source, 50, 1001, 700, (SolRational){1, 30000}, 3);
    cadence = open_cadence(source, 10, 0, (SolRational){0, 0}, (SolRational){0, 0}, (SolRational){30000, 1001});
    assert_false(cadence.regular);
    assert_int_equal(cadence.time_base.num, 1);
    assert_int_equal(cadence.time_base.den, 30000);
    assert_int_equal(cadence.frame_rate.num, 30000);
    for (int64_t i = 10; i < 50; i++) {
        int64_t start = source->pts[i] - source->pts[10], end = end_of(source, i) - source->pts[10];
        SolShowing showing = sol_cadence_show(&cadence, start, end, i == 49);
        assert_int_equal(showing.pts, start);
        assert_int_equal(showing.count, 1);
        assert_int_equal(showing.duration, end - start);
    }
    /* slower: the same frames, and units that last longer */
    cadence = open_cadence(source, 0, 0, (SolRational){1, 3}, (SolRational){0, 0}, (SolRational){30000, 1001});
    assert_false(cadence.regular);
    assert_int_equal(cadence.time_base.num, 1);
    assert_int_equal(cadence.time_base.den, 10000);
    assert_int_equal(cadence.frame_rate.num, 10000);
    assert_int_equal(cadence.frame_rate.den, 1001);
    free(source);
}

/* How many of the source's frames are taken, and whether it is every `nth` */
static int count_taken(const Source *source, const SolCadence *cadence, int nth)
{
    int taken = 0;
    for (int64_t i = 0; i < source->index.frames; i++) {
        SolShowing showing = sol_cadence_show(cadence, source->pts[i], end_of(source, i), i + 1 == source->index.frames);
        taken += showing.count > 0;
        assert_true(showing.count <= 1);
        if (nth > 0)
            assert_int_equal(showing.count, i % nth == 0);
    }
    return taken;
}

static void test_faster_keeps_a_constant_rate(void **state)
{
    Source *source = malloc(sizeof *source);
    SolCadence cadence;
    (void)state;
    assert_non_null(source);
    /* exact, rounded to milliseconds, and with jitter */
    make_source(source, 240, 512, 0, (SolRational){1, 15360}, 1);
    cadence = open_cadence(source, 0, 0, (SolRational){4, 1}, (SolRational){0, 0}, (SolRational){30, 1});
    assert_true(cadence.regular && cadence.frame_rate.num == 30 && cadence.frame_rate.den == 1);
    assert_int_equal(count_taken(source, &cadence, 4), 60);
    make_source(source, 2000, 1, 0, (SolRational){1, 1000}, 1);
    for (int64_t i = 0; i < 2000; i++)
        source->pts[i] = (i * 1001 + 15) / 30;
    source->index.end = 2000 * 1001 / 30;
    cadence = open_cadence(source, 0, 0, (SolRational){8, 1}, (SolRational){0, 0}, (SolRational){30000, 1001});
    assert_true(cadence.regular && cadence.frame_rate.num == 30000 && cadence.frame_rate.den == 1001);
    assert_int_equal(count_taken(source, &cadence, 8), 250);
    make_source(source, 240, 512, 200, (SolRational){1, 15360}, 1);
    cadence = open_cadence(source, 0, 0, (SolRational){4, 1}, (SolRational){0, 0}, (SolRational){30, 1});
    assert_true(cadence.regular && cadence.frame_rate.num == 30 && cadence.frame_rate.den == 1);
    assert_int_equal(count_taken(source, &cadence, 0), 60);
    /* a rate that the container does not tell, or tells wrong */
    make_source(source, 100, 40, 0, (SolRational){1, 1000}, 1);
    cadence = open_cadence(source, 0, 0, (SolRational){2, 1}, (SolRational){0, 0}, (SolRational){1000, 1});
    assert_true(cadence.frame_rate.num == 25 && cadence.frame_rate.den == 1);
    free(source);
}

static void test_faster_with_uneven_frames(void **state)
{
    Source *source = malloc(sizeof *source);
    SolCadence cadence;
    (void)state;
    assert_non_null(source);
    /* ten frames within a second, then none for nine, ten times over: one frame a second on average */
    make_source(source, 100, 1000, 0, (SolRational){1, 1000}, 1);
    for (int i = 0; i < 100; i++)
        source->pts[i] = 10000 * (i / 10) + 100 * (i % 10);
    cadence = open_cadence(source, 0, 0, (SolRational){8, 1}, (SolRational){0, 0}, (SolRational){1, 1});
    assert_true(cadence.regular && cadence.frame_rate.num == 8 && cadence.frame_rate.den == 1);
    cadence = open_cadence(source, 0, 0, (SolRational){64, 1}, (SolRational){0, 0}, (SolRational){1, 1});
    assert_true(cadence.frame_rate.num == 30 && cadence.frame_rate.den == 1);
    /* of 50 a second on average, 50 are kept */
    source->index.time_base = (SolRational){1, 50000};
    cadence = open_cadence(source, 0, 0, (SolRational){3, 1}, (SolRational){0, 0}, (SolRational){50, 1});
    assert_true(cadence.frame_rate.num == 50 && cadence.frame_rate.den == 1);
    free(source);
}

/* A year of nanoseconds, and a rate that no float holds: pictures are still counted right. */
static void test_long_films_are_exact(void **state)
{
    static const int64_t nanoseconds = INT64_C(1000000000), day = 86400;
    SolCadence cadence;
    int64_t year = 365 * day;
    (void)state;
    sol_cadence_open(&cadence, &(SolCadenceRequest){.time_base = {1, (int)nanoseconds},
                                                    .frame_rate = {0, 1},
                                                    .fps = {30000, 1001}});
    /* 1001 seconds are 30000 pictures */
    assert_int_equal(sol_cadence_end(&cadence, nanoseconds * 1001 * (year / 1001), false), 30000 * (year / 1001));
    assert_int_equal(sol_cadence_end(&cadence, nanoseconds * 1001 * (year / 1001) + nanoseconds / 50, false),
                     30000 * (year / 1001) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_twin),
        cmocka_unit_test(test_own_times_by_default),
        cmocka_unit_test(test_faster_keeps_a_constant_rate),
        cmocka_unit_test(test_faster_with_uneven_frames),
        cmocka_unit_test(test_long_films_are_exact),
    };
    return cmocka_run_group_tests_name("media/cadence", tests, NULL, NULL);
}
