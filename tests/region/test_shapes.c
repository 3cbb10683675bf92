/* SPDX-License-Identifier: Apache-2.0
 *
 * Shapes: areas as geometry has them, every pixel against thousands of points, and movement between keys. The naive
 * twin asks of every point whether it lies inside.
 */
#include "support/regions.h"
#include "support/support.h"

#include "region/shapes.h"

#include <solstice/error.h>

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

/* ---- the twin ---- */

static bool in_rect(const double *n, int count, double x, double y)
{
    (void)count;
    return x >= n[0] && x < n[0] + n[2] && y >= n[1] && y < n[1] + n[3];
}

static bool in_ellipse(const double *n, int count, double x, double y)
{
    double u = (x - n[0]) / n[2], v = (y - n[1]) / n[3];
    (void)count;
    return u * u + v * v < 1;
}

/* How often the outline goes around the point. */
static bool in_polygon(const double *n, int count, double x, double y)
{
    int corners = count / 2, turns = 0;
    for (int i = 0; i < corners; i++) {
        const double *a = n + 2 * i, *b = n + 2 * ((i + 1) % corners);
        double side = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
        if (a[1] <= y && b[1] > y && side > 0)
            turns++;
        else if (a[1] > y && b[1] <= y && side < 0)
            turns--;
    }
    return turns != 0;
}

enum { POINTS = 97 }; /* a side of a pixel; no multiple of what the code under test takes */

static void expect_twin(const SolRegionKind *kind, bool (*inside)(const double *, int, double, double),
                        const double *numbers, int count, int width, int height)
{
    SolMask *mask = select_and_close(make_shape(kind, numbers, count), width, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int hits = 0;
            double wanted;
            for (int v = 0; v < POINTS; v++)
                for (int u = 0; u < POINTS; u++)
                    hits += inside(numbers, count, x + (u + 0.5) / POINTS, y + (v + 0.5) / POINTS);
            wanted = 255.0 * hits / (POINTS * POINTS);
            if (fabs(sol_mask_row(mask, y)[x] - wanted) > 5)
                fail_msg("%s at %d,%d: %d, and %.1f was expected", kind->name, x, y, sol_mask_row(mask, y)[x], wanted);
        }
    sol_mask_close(&mask);
}

static void test_every_pixel_is_covered_as_by_points(void **state)
{
    (void)state;
    expect_twin(&sol_region_rect, in_rect, (double[]){2.3, 1.8, 5.5, 3.25}, 4, 12, 9);
    expect_twin(&sol_region_rect, in_rect, (double[]){-3, -4, 5.25, 100}, 4, 7, 9);
    expect_twin(&sol_region_rect, in_rect, (double[]){3.25, 2.5, 0.5, 0.125}, 4, 7, 5); /* within a pixel */
    expect_twin(&sol_region_ellipse, in_ellipse, (double[]){7.2, 5.1, 6.3, 3.7}, 4, 15, 11);
    expect_twin(&sol_region_ellipse, in_ellipse, (double[]){0, 11, 9.5, 9.5}, 4, 12, 11);
    expect_twin(&sol_region_polygon, in_polygon, (double[]){1, 1, 13.3, 2.2, 4.9, 10.7}, 6, 15, 12);
    expect_twin(&sol_region_polygon, in_polygon, (double[]){4.9, 10.7, 13.3, 2.2, 1, 1}, 6, 15, 12);
    /* a concave one; a bow tie; a star, whose middle the outline goes around twice */
    expect_twin(&sol_region_polygon, in_polygon, (double[]){1, 1, 11, 1.5, 6, 4, 11, 9.5, 0.5, 9}, 10, 12, 11);
    expect_twin(&sol_region_polygon, in_polygon, (double[]){1, 1, 11, 9, 11, 1, 1, 9}, 8, 12, 10);
    expect_twin(&sol_region_polygon, in_polygon, (double[]){8, 0.5, 12.5, 14, 0.7, 5.6, 15.3, 5.6, 3.5, 14}, 10, 16,
                15);
    expect_twin(&sol_region_polygon, in_polygon, (double[]){-40, 3, 80, 5, -10, 70}, 6, 10, 10); /* mostly outside */
}

static double random_number(void)
{
    return rand() % 2001 / 100.0 - 4;
}

static void test_random_polygons(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 12; round++) {
        double numbers[16];
        int count = 6 + 2 * (round % 6);
        for (int i = 0; i < count; i++)
            numbers[i] = random_number();
        expect_twin(&sol_region_polygon, in_polygon, numbers, count, 12, 12);
    }
}

/* ---- areas ---- */

static double shape_area(const SolRegionKind *kind, const double *numbers, int count)
{
    SolMask *mask = select_and_close(make_shape(kind, numbers, count), 200, 160);
    double area = area_of(mask);
    sol_mask_close(&mask);
    return area;
}

static void test_areas(void **state)
{
    static const double ellipse[] = {90.3, 80.9, 70.2, 41.7}, rect[] = {10.1, 20.7, 95.6, 66.3};
    static const double triangle[] = {10, 10, 150, 30, 60, 140};
    double area;
    (void)state;
    area = shape_area(&sol_region_rect, rect, 4);
    assert_true(fabs(area - 95.6 * 66.3) < 1);
    area = shape_area(&sol_region_ellipse, ellipse, 4);
    assert_true(fabs(area - PI * 70.2 * 41.7) < 1);
    area = shape_area(&sol_region_polygon, triangle, 6);
    assert_true(fabs(area - (140 * 130 - 20 * 50) / 2.0) < 1);
}

/* ---- lengths ---- */

/* The middle column and row of what is selected, and how wide and high it is, from the sums along both. */
static void expect_box(const SolMask *mask, double left, double top, double width, double height)
{
    double sum = 0, across = 0, down = 0;
    for (int y = 0; y < mask->height; y++)
        for (int x = 0; x < mask->width; x++) {
            sum += sol_mask_row(mask, y)[x];
            across += sol_mask_row(mask, y)[x] * (x + 0.5);
            down += sol_mask_row(mask, y)[x] * (y + 0.5);
        }
    assert_true(fabs(sum / 255 - width * height) < 0.02 * width * height);
    assert_true(fabs(across / sum - (left + width / 2)) < 0.05);
    assert_true(fabs(down / sum - (top + height / 2)) < 0.05);
}

static void test_pixels_are_the_inputs_and_shares_the_frames(void **state)
{
    static const double numbers[] = {10, 0, 0, 0.25, 30, 0, 0, 0.5}; /* x 10, y 25%, width 30, height 50% */
    double zeros[4] = {0};
    SolRegion *region = make_shape(&sol_region_rect, zeros, 4);
    SolShape *shape = region->what;
    SolSelectorSource source = {80, 60, 160, 120, NULL, NULL}; /* painted at half the input's size */
    SolSelector *selector = NULL;
    SolMask *mask = NULL;
    (void)state;
    for (int i = 0; i < 8; i++)
        shape->at.values[i] = numbers[i];
    assert_int_equal(sol_mask_create(&mask, 80, 60), SOL_OK);
    assert_int_equal(sol_selector_open(&selector, region, &source), SOL_OK);
    assert_int_equal(sol_selector_at(selector, NULL, (SolInstant){0}, mask), SOL_OK);
    expect_box(mask, 5, 15, 15, 30);
    sol_selector_close(&selector);
    sol_mask_close(&mask);
    sol_region_close(&region);
}

static void test_a_radius_is_a_share_of_the_shorter_side(void **state)
{
    double zeros[4] = {0};
    SolRegion *region = make_shape(&sol_region_ellipse, zeros, 4);
    SolShape *shape = region->what;
    (void)state;
    for (int i = 0; i < 4; i++)
        shape->at.values[i * SOL_LENGTH + 1] = i < 2 ? 0.5 : 0.25;
    for (int upright = 0; upright < 2; upright++) {
        SolMask *mask = select_frame(region, upright ? 60 : 100, upright ? 100 : 60, 0);
        assert_true(fabs(area_of(mask) - PI * 15 * 15) < 1);
        sol_mask_close(&mask);
    }
    sol_region_close(&region);
}

/* ---- movement ---- */

static void test_shapes_move_between_keys(void **state)
{
    SolRegion *region = make_shape(&sol_region_rect, (double[]){0, 0, 0, 0}, 4);
    SolShape *shape = region->what;
    static const double first[4] = {10, 5, 20, 10}, second[4] = {30, 25, 10, 30};
    (void)state;
    sol_track_clear(&shape->at);
    assert_int_equal(sol_track_create(&shape->at, 2, 4 * SOL_LENGTH), SOL_OK);
    shape->at.at[0] = 10;
    shape->at.at[1] = 30;
    for (int i = 0; i < 4; i++) {
        shape->at.values[i * SOL_LENGTH] = first[i];
        shape->at.values[(4 + i) * SOL_LENGTH] = second[i];
    }
    for (int frame = 0; frame <= 40; frame += 5) {
        double part = frame < 10 ? 0 : frame > 30 ? 1 : (frame - 10) / 20.0, now[4];
        SolMask *mask = select_frame(region, 64, 64, frame);
        for (int i = 0; i < 4; i++)
            now[i] = first[i] + part * (second[i] - first[i]);
        expect_box(mask, now[0], now[1], now[2], now[3]);
        sol_mask_close(&mask);
    }
    sol_region_close(&region);
}

/* ---- what must not hurt ---- */

static void test_numbers_beyond_all_bounds(void **state)
{
    static const double odd[] = {0, -1, 1e300, -1e300, 1e9, -1e9, 0.5};
    (void)state;
    srand(3);
    for (int round = 0; round < 600; round++) {
        double numbers[12];
        int sides[2] = {1 + rand() % 9, 1 + rand() % 9};
        const SolRegionKind *kind = round % 3 == 0 ? &sol_region_rect : round % 3 == 1 ? &sol_region_ellipse
                                                                                        : &sol_region_polygon;
        for (int i = 0; i < 12; i++) {
            int pick = rand() % 10;
            numbers[i] = pick < 7 ? odd[pick] : pick == 7 ? (double)NAN : pick == 8 ? (double)INFINITY : 3;
        }
        SolMask *mask = select_and_close(make_shape(kind, numbers, round % 3 == 2 ? 12 : 4), sides[0], sides[1]);
        sol_mask_close(&mask);
    }
}

static void test_a_single_pixel(void **state)
{
    SolMask *mask = select_and_close(make_shape(&sol_region_rect, (double[]){0.5, 0, 9, 0.5}, 4), 1, 1);
    (void)state;
    assert_int_equal(mask->values[0], 64);
    sol_mask_close(&mask);
    mask = select_and_close(make_shape(&sol_region_polygon, (double[]){0, 0, 1, 0, 0, 1}, 6), 1, 1);
    assert_in_range(mask->values[0], 127, 128);
    sol_mask_close(&mask);
}

static void test_a_thousand_corners(void **state)
{
    double *numbers = calloc(2 * SOL_POLYGON_MOST, sizeof *numbers);
    SolMask *mask;
    (void)state;
    for (int i = 0; i < SOL_POLYGON_MOST; i++) {
        numbers[2 * i] = 100 + 90 * cos(2 * PI * i / SOL_POLYGON_MOST);
        numbers[2 * i + 1] = 100 + 80 * sin(2 * PI * i / SOL_POLYGON_MOST);
    }
    mask = select_and_close(make_shape(&sol_region_polygon, numbers, 2 * SOL_POLYGON_MOST), 200, 200);
    assert_true(fabs(area_of(mask) - PI * 90 * 80) < 2);
    sol_mask_close(&mask);
    for (int i = 0; i < 2 * SOL_POLYGON_MOST; i++) /* up and down, and over itself everywhere */
        numbers[i] = i % 2 ? (i % 4 == 1 ? 1 : 199) : rand() % 200;
    mask = select_and_close(make_shape(&sol_region_polygon, numbers, 2 * SOL_POLYGON_MOST), 200, 200);
    sol_mask_close(&mask);
    free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pixel_is_covered_as_by_points),
        cmocka_unit_test(test_random_polygons),
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_pixels_are_the_inputs_and_shares_the_frames),
        cmocka_unit_test(test_a_radius_is_a_share_of_the_shorter_side),
        cmocka_unit_test(test_shapes_move_between_keys),
        cmocka_unit_test(test_numbers_beyond_all_bounds),
        cmocka_unit_test(test_a_single_pixel),
        cmocka_unit_test(test_a_thousand_corners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
