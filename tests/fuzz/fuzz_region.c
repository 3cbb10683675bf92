/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions and their keyframes, and what they select of a small frame at some moments. Files that a region may name are
 * not opened.
 */
#include "fuzz/fuzz.h"

#include "region/node.h"
#include "schedule/region.h"

enum { WIDTH = 13, HEIGHT = 7 };

static bool names_files(const SolRegion *region)
{
    bool found = region->kind == &sol_region_file;
    for (int i = 0; i < region->part_count && !found; i++)
        found = names_files(region->parts[i]);
    return found;
}

static void evaluate(const SolRegion *region)
{
    static const SolInstant moments[] = {{0, 0, 0}, {7, 0.25, 0.5}, {1e6, 1e5, 1}};
    const SolSelectorSource source = {WIDTH, HEIGHT, 640, 360, NULL, NULL};
    SolSelector *selector = NULL;
    SolImage *frame = NULL;
    SolMask *mask = NULL;
    if (sol_image_create(&frame, WIDTH, HEIGHT) == 0 && sol_mask_create(&mask, WIDTH, HEIGHT) == 0 &&
        sol_selector_open(&selector, region, &source) == 0)
        for (int i = 0; i < 3; i++) {
            for (int y = 0; y < HEIGHT; y++)
                for (int x = 0; x < 3 * WIDTH; x++)
                    sol_image_row(frame, y)[x] = (uint8_t)(x * 7 + y * 31 + i);
            require(sol_selector_at(selector, frame, moments[i], mask) == 0);
        }
    sol_selector_close(&selector);
    sol_mask_close(&mask);
    sol_image_unref(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SolYaml *yaml = NULL;
    SolRegion *region = NULL;
    if (sol_yaml_open(&yaml, as_file(data, size)) == 0) {
        SolYamlPair pair = sol_yaml_find(yaml, sol_yaml_root(yaml), "region");
        if (sol_region_read(&region, yaml, &pair, "/nowhere") == 0 && region && !names_files(region))
            evaluate(region);
    }
    sol_region_close(&region);
    sol_yaml_close(&yaml);
    return 0;
}
