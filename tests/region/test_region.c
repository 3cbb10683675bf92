/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees of regions: what joining selects, in which order an edge is treated, what is remembered, and fingerprints.
 */
#include "support/regions.h"
#include "support/support.h"

#include "region/outline.h"

#include <solstice/error.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static SolRegion *rect(double x, double y, double width, double height)
{
    return make_shape(&sol_region_rect, (double[]){x, y, width, height}, 4);
}

static SolRegion *circle(double x, double y, double radius)
{
    return make_shape(&sol_region_ellipse, (double[]){x, y, radius, radius}, 4);
}

/* Fails unless both select the same, within `tolerance`; closes them. */
static void expect_same(SolRegion *a, SolRegion *b, int tolerance)
{
    SolMask *first = select_and_close(a, 60, 50), *second = select_and_close(b, 60, 50);
    int difference = difference_of(first, second);
    if (difference > tolerance)
        fail_msg("they differ by %d", difference);
    sol_mask_close(&first);
    sol_mask_close(&second);
}

static void test_joining(void **state)
{
    (void)state;
    /* two rects that meet are one */
    expect_same(join_regions(&sol_region_union, rect(5, 5, 20, 30), rect(25, 5, 15, 30)), rect(5, 5, 35, 30), 0);
    expect_same(join_regions(&sol_region_intersection, rect(5, 5, 20, 30), rect(15, 20, 40, 40)), rect(15, 20, 10, 15),
                0);
    expect_same(join_regions(&sol_region_difference, rect(5, 5, 35, 30), rect(25, 0, 50, 50)), rect(5, 5, 20, 30), 0);
    expect_same(join_regions(&sol_region_union, circle(30, 20, 15), NULL), circle(30, 20, 15), 0);
    /* whatever a part is, it is all that, once */
    expect_same(join_regions(&sol_region_union, circle(30, 20, 15), circle(30, 20, 15)), circle(30, 20, 15), 0);
}

/* outside(a or b) = outside(a) and outside(b); a without b = a and outside(b). */
static void test_identities(void **state)
{
    (void)state;
    expect_same(join_regions(&sol_region_outside,
                             join_regions(&sol_region_union, rect(3.3, 4, 20, 30), rect(10, 20.4, 40, 12)), NULL),
                join_regions(&sol_region_intersection, join_regions(&sol_region_outside, rect(3.3, 4, 20, 30), NULL),
                             join_regions(&sol_region_outside, rect(10, 20.4, 40, 12), NULL)),
                64); /* soft pixels: the larger of both, or the product */
    expect_same(join_regions(&sol_region_difference, circle(30, 20, 15.5), rect(20.4, 4, 20, 30)),
                join_regions(&sol_region_intersection, circle(30, 20, 15.5),
                             join_regions(&sol_region_outside, rect(20.4, 4, 20, 30), NULL)),
                0);
    expect_same(join_regions(&sol_region_outside, join_regions(&sol_region_outside, circle(30, 20, 15.5), NULL), NULL),
                circle(30, 20, 15.5), 0);
}

static void test_inverting_is_the_outside(void **state)
{
    SolRegion *inverted = circle(30, 20, 15.5);
    (void)state;
    inverted->invert = true;
    expect_same(inverted, join_regions(&sol_region_outside, circle(30, 20, 15.5), NULL), 0);
}

/* First it grows, then it is softened, inverted, and faded. */
static void test_the_order_of_treating_an_edge(void **state)
{
    SolRegion *region = rect(10, 10, 20, 20);
    SolMask *wanted = select_and_close(rect(10, 10, 20, 20), 60, 50), *mask;
    (void)state;
    assert_int_equal(sol_mask_grow(wanted, 4, NULL), SOL_OK);
    assert_int_equal(sol_mask_feather(wanted, 7, NULL), SOL_OK);
    sol_mask_invert(wanted);
    sol_mask_fade(wanted, 0.5);
    region->grow = stays(4);
    region->feather = stays(7);
    region->invert = true;
    region->opacity = stays_number(0.5);
    mask = select_and_close(region, 60, 50);
    assert_int_equal(difference_of(mask, wanted), 0);
    assert_int_equal(mask->values[0], 128);
    sol_mask_close(&mask);
    sol_mask_close(&wanted);
}

/* A part has its own edge; that of the whole comes on top. */
static void test_parts_have_edges_of_their_own(void **state)
{
    SolRegion *shrunk = rect(10, 10, 20, 20), *both, *plain = rect(10, 10, 20, 20);
    (void)state;
    shrunk->grow = stays(-3);
    both = join_regions(&sol_region_union, shrunk, rect(40, 10, 5, 5));
    both->grow = stays(3);
    plain = join_regions(&sol_region_union, plain, make_shape(&sol_region_rect, (double[]){37, 10, 11, 5}, 4));
    SolMask *a = select_and_close(both, 60, 50), *b = select_and_close(plain, 60, 50);
    assert_int_equal(sol_mask_row(a, 20)[10], 255);
    assert_int_equal(sol_mask_row(a, 20)[9], 0);
    assert_int_equal(sol_mask_row(a, 12)[37], sol_mask_row(b, 12)[37]);
    assert_int_equal(sol_mask_row(a, 12)[36], sol_mask_row(b, 12)[36]);
    sol_mask_close(&a);
    sol_mask_close(&b);
}

/* Lengths of an edge go by the shorter side, and by the input's pixels. */
static void test_lengths_of_edges(void **state)
{
    SolRegion *region = rect(0, 0, 40, 1000);
    SolSelectorSource source = {120, 90, 240, 180, NULL, NULL};
    (void)state;
    for (int share = 0; share < 2; share++) {
        SolSelector *selector = NULL;
        SolMask *mask = NULL;
        sol_track_clear(&region->grow);
        region->grow = stays(0);
        region->grow.values[share] = share ? 0.1 : 18; /* either way 9 painted pixels */
        assert_int_equal(sol_mask_create(&mask, 120, 90), SOL_OK);
        assert_int_equal(sol_selector_open(&selector, region, &source), SOL_OK);
        assert_int_equal(sol_selector_at(selector, NULL, (SolInstant){0}, mask), SOL_OK);
        assert_true(fabs(area_of(mask) - (20 + 9) * 90) < 0.01);
        sol_selector_close(&selector);
        sol_mask_close(&mask);
    }
    sol_region_close(&region);
}

static void test_opacity_moves_between_keys(void **state)
{
    SolRegion *region = rect(-1, -1, 100, 100);
    (void)state;
    assert_int_equal(sol_track_create(&region->opacity, 2, 1), SOL_OK);
    region->opacity.at[1] = 30;
    region->opacity.values[1] = 1;
    for (int frame = 0; frame <= 30; frame += 6) {
        SolMask *mask = select_frame(region, 5, 5, frame);
        assert_int_equal(mask->values[0], (int)floor(255 * frame / 30.0 + 0.5));
        sol_mask_close(&mask);
    }
    sol_region_close(&region);
}

/* ---- memory ---- */

/* A kind that counts the frames since it was told to forget, for the tests of memory. */
static int count_open(void **state, const void *what, const SolSelectorSource *source)
{
    int *frames = calloc(1, sizeof *frames);
    (void)what;
    (void)source;
    *state = frames;
    return frames ? SOL_OK : SOL_ERR_NOMEM;
}

static int count_at(void *state, const SolImage *frame, SolInstant at, SolMask *mask)
{
    (void)frame;
    (void)at;
    sol_mask_fill(mask, (uint8_t)++*(int *)state);
    return SOL_OK;
}

static void count_forget(void *state)
{
    *(int *)state = 0;
}

static void count_save(const void *state, SolBlob *blob)
{
    sol_blob_put_int(blob, *(const int *)state);
}

static void count_restore(void *state, SolBlob *blob)
{
    *(int *)state = (int)sol_blob_get_int(blob);
}

static const SolRegionKind counter = {
    .name = "counter",
    .remembers = true,
    .open = count_open,
    .at = count_at,
    .forget = count_forget,
    .save = count_save,
    .restore = count_restore,
    .close = free,
};

static SolRegion *make_counter(void)
{
    SolRegion *region = NULL;
    assert_int_equal(sol_region_create(&region), SOL_OK);
    region->kind = &counter;
    return region;
}

static int next_count(SolSelector *selector)
{
    SolMask *mask = NULL;
    int value;
    assert_int_equal(sol_mask_create(&mask, 2, 2), SOL_OK);
    assert_int_equal(sol_selector_at(selector, NULL, (SolInstant){0}, mask), SOL_OK);
    value = mask->values[0];
    sol_mask_close(&mask);
    return value;
}

static void test_what_is_remembered(void **state)
{
    SolSelectorSource source = {2, 2, 2, 2, NULL, NULL};
    SolRegion *plain = join_regions(&sol_region_union, rect(0, 0, 1, 1), circle(1, 1, 1));
    SolRegion *region = join_regions(&sol_region_union, rect(0, 0, 0, 0),
                                     join_regions(&sol_region_union, make_counter(), make_counter()));
    SolSelector *selector = NULL, *other = NULL;
    SolBlob blob = {0};
    (void)state;
    assert_false(sol_region_remembers(plain));
    assert_true(sol_region_remembers(region));
    assert_int_equal(sol_selector_open(&selector, region, &source), SOL_OK);
    assert_int_equal(sol_selector_open(&other, region, &source), SOL_OK);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(next_count(selector), i);
    sol_selector_save(selector, &blob);
    assert_int_equal(blob.size, 16); /* of both counters */
    sol_selector_restore(other, &blob);
    assert_int_equal(next_count(other), 4);
    sol_selector_forget(selector);
    assert_int_equal(next_count(selector), 1);
    sol_selector_close(&selector);
    sol_selector_close(&other);
    sol_blob_clear(&blob);
    sol_region_close(&region);
    sol_region_close(&plain);
}

/* ---- fingerprints ---- */

static SolDigest digest_of(SolRegion *region)
{
    SolDigester *digester = NULL;
    SolDigest digest;
    assert_int_equal(sol_digester_open(&digester), SOL_OK);
    assert_int_equal(sol_region_digest(region, digester), SOL_OK);
    digest = sol_digester_finish(digester);
    sol_digester_close(&digester);
    sol_region_close(&region);
    return digest;
}

static void test_fingerprints(void **state)
{
    SolRegion *varied[9];
    SolDigest digests[9], again = digest_of(rect(1, 2, 3, 4));
    (void)state;
    varied[0] = rect(1, 2, 3, 4);
    varied[1] = rect(1, 2, 3, 5);
    varied[2] = make_shape(&sol_region_ellipse, (double[]){1, 2, 3, 4}, 4);
    varied[3] = rect(1, 2, 3, 4);
    varied[3]->invert = true;
    varied[4] = rect(1, 2, 3, 4);
    varied[4]->feather = stays(3);
    varied[5] = rect(1, 2, 3, 4);
    varied[5]->grow = stays(3);
    varied[6] = rect(1, 2, 3, 4);
    varied[6]->opacity = stays_number(0.5);
    varied[7] = join_regions(&sol_region_union, rect(1, 2, 3, 4), NULL);
    varied[8] = join_regions(&sol_region_difference, rect(1, 2, 3, 4), NULL);
    for (int i = 0; i < 9; i++) {
        digests[i] = digest_of(varied[i]);
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(&digests[i], &digests[j], sizeof digests[i]);
    }
    assert_memory_equal(&digests[0], &again, sizeof again);
}

static void test_masks_of_another_size(void **state)
{
    SolSelectorSource source = {4, 3, 4, 3, NULL, NULL};
    SolRegion *region = rect(0, 0, 1, 1);
    SolSelector *selector = NULL;
    SolMask *mask = NULL;
    (void)state;
    assert_int_equal(sol_mask_create(&mask, 3, 4), SOL_OK);
    assert_int_equal(sol_selector_open(&selector, region, &source), SOL_OK);
    assert_int_equal(sol_selector_at(selector, NULL, (SolInstant){0}, mask), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "a mask of 3x4 pixels for frames of 4x3");
    sol_selector_close(&selector);
    source.source_width = 0;
    assert_int_equal(sol_selector_open(&selector, region, &source), SOL_ERR_ARGUMENT);
    assert_null(selector);
    sol_mask_close(&mask);
    sol_region_close(&region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joining),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_inverting_is_the_outside),
        cmocka_unit_test(test_the_order_of_treating_an_edge),
        cmocka_unit_test(test_parts_have_edges_of_their_own),
        cmocka_unit_test(test_lengths_of_edges),
        cmocka_unit_test(test_opacity_moves_between_keys),
        cmocka_unit_test(test_what_is_remembered),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_masks_of_another_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
