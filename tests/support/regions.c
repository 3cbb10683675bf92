/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions made by hand, and what they select.
 */
#include "support/regions.h"

#include "support/support.h"

#include "region/shapes.h"
#include "schedule/region.h"

#include <solstice/error.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

SolRegion *make_shape(const SolRegionKind *kind, const double *pixels, int count)
{
    SolRegion *region = NULL;
    SolShape *shape = NULL;
    assert_int_equal(sol_region_create(&region), SOL_OK);
    assert_int_equal(sol_shape_create(&shape), SOL_OK);
    assert_int_equal(sol_track_create(&shape->at, 1, count * SOL_LENGTH), SOL_OK);
    for (int i = 0; i < count; i++)
        shape->at.values[i * SOL_LENGTH] = pixels[i];
    region->kind = kind;
    region->what = shape;
    return region;
}

SolRegion *join_regions(const SolRegionKind *kind, SolRegion *first, SolRegion *second)
{
    SolRegion *region = NULL;
    assert_int_equal(sol_region_create(&region), SOL_OK);
    region->kind = kind;
    assert_int_equal(sol_region_add(region, &first), SOL_OK);
    if (second)
        assert_int_equal(sol_region_add(region, &second), SOL_OK);
    return region;
}

SolTrack stays_number(double number)
{
    SolTrack track = {0};
    assert_int_equal(sol_track_create(&track, 1, 1), SOL_OK);
    track.values[0] = number;
    return track;
}

SolTrack stays(double pixels)
{
    SolTrack track = {0};
    assert_int_equal(sol_track_create(&track, 1, SOL_LENGTH), SOL_OK);
    track.values[0] = pixels;
    return track;
}

SolMask *select_frame(const SolRegion *region, int width, int height, double frame)
{
    SolSelectorSource source = {width, height, width, height, NULL, NULL};
    SolSelector *selector = NULL;
    SolMask *mask = NULL;
    assert_int_equal(sol_mask_create(&mask, width, height), SOL_OK);
    sol_mask_fill(mask, 77); /* which nothing may be left of */
    if (sol_selector_open(&selector, region, &source) != SOL_OK ||
        sol_selector_at(selector, NULL, (SolInstant){.frame = frame}, mask) != SOL_OK)
        fail_msg("%s", sol_error_text());
    sol_selector_close(&selector);
    return mask;
}

SolMask *select_and_close(SolRegion *region, int width, int height)
{
    SolMask *mask = select_frame(region, width, height, 0);
    sol_region_close(&region);
    return mask;
}

int read_region_text(SolRegion **region, const char *text, const char *folder_of_files)
{
    SolYaml *yaml = NULL;
    SolYamlPair pair;
    char *all = malloc(strlen(text) + 16);
    int result;
    assert_non_null(all);
    sprintf(all, "region: %s\n", text);
    write_text("r.yaml", all);
    free(all);
    if ((result = sol_yaml_open(&yaml, "r.yaml")) != SOL_OK)
        fail_msg("%s", sol_error_text());
    pair = sol_yaml_find(yaml, sol_yaml_root(yaml), "region");
    result = sol_region_read(region, yaml, &pair, folder_of_files);
    sol_yaml_close(&yaml);
    return result;
}

static const char banner[] =
    "<opencv_storage><cascade type_id=\"opencv-cascade-classifier\"><featureType>HAAR</featureType><height>12</height>"
    "<width>12</width><stages><_><stageThreshold>5.0e-01</stageThreshold><weakClassifiers><_><internalNodes>0 -1 0 %s"
    "</internalNodes><leafValues>1. 0.</leafValues></_><_><internalNodes>%s -1 1 0.25</internalNodes><leafValues>0. 0."
    "</leafValues></_></weakClassifiers></_></stages><features><_><rects><_>0 0 12 12 -1.</_><_>%s 6 12 6 2.</_>"
    "</rects></_><_><rects><_>5 3 3 2 -1.</_><_>5 3 1 1 3.</_></rects><tilted>1</tilted></_></features></cascade>"
    "</opencv_storage>";

void print_banner_cascade(char *text, size_t size, const char *threshold, const char *fork, const char *left)
{
    snprintf(text, size, banner, threshold, fork, left);
}

double area_of(const SolMask *mask)
{
    double sum = 0;
    for (int i = 0; i < mask->width * mask->height; i++)
        sum += mask->values[i];
    return sum / 255;
}

int difference_of(const SolMask *a, const SolMask *b)
{
    int largest = 0;
    for (int i = 0; i < a->width * a->height; i++)
        largest = abs(a->values[i] - b->values[i]) > largest ? abs(a->values[i] - b->values[i]) : largest;
    return largest;
}
