/* SPDX-License-Identifier: Apache-2.0
 *
 * Contact sheets: which frames they show and where, that their paintings are the film's, and that no other is painted.
 */
#include "support/number.h"
#include "support/pictures.h"
#include "support/schedules.h"
#include "support/support.h"
#include "support/tensors.h"

#include "image/image.h"

#include <solstice/render.h>

#include <string.h>

enum { FRAMES = 40, WIDTH = 64, HEIGHT = 48 };

/* Of a sheet with letters of scale 1. */
enum { MARGIN = 16, BETWEEN = 8, SEAM = 2, LINE = 12, ROW = 2 * LINE + 8 + 2 * HEIGHT + SEAM };

static int set_up(void **state)
{
    static const TestTensor tensors[] = {{"t.weight", {3, 3, 3, 3}}, {"t.bias", {3}}, {NULL, {0}}};
    SolImage *style;
    assert_int_equal(set_up_folder(state), 0);
    make_folder(in_folder("images"));
    write_numbered_images(in_folder("images/"), 0, FRAMES - 1, WIDTH, HEIGHT);
    style = make_picture(90, 70, 3);
    assert_int_equal(sol_image_save(style, in_folder("a.png"), true), 0);
    sol_image_unref(&style);
    write_model(in_folder("tiny.safetensors"), tensors,
                "{'version': 1, 'method': 'adain', 'layers': [{'name': 'a', 'op': 'adain', 'style': 'input'},"
                "{'name': 'c', 'op': 'conv', 'tensors': 't', 'channels': 3, 'kernel': 3}]}");
    return 0;
}

/* A transition, frames that no segment covers, untouched ones, and a segment of two. */
static const char segments[] = "segments:\n  - {name: a, frames: 0-11, style: a.png}\n"
                               "  - {name: b, frames: 12-20, style: a.png, strength: 0.4, color: content}\n"
                               "  - {name: c, frames: 25-26, style: none}\n  - {frames: 30-39, style: [a.png, a.png]}\n"
                               "transition: 4\n";

static SolSchedule *load(const char *what)
{
    SolSchedule *schedule = NULL;
    char text[2048];
    snprintf(text, sizeof text, "version: 1\ninput: images\nmodel: tiny.safetensors\n%soutputs:\n"
                                "  - path: '%s/f/%%d.png'\n", what, folder);
    write_text(in_folder("s.yaml"), text);
    if (sol_schedule_load(&schedule, in_folder("s.yaml"), &(SolScheduleOptions){.model_folders = model_folders}) != 0)
        fail_msg("%s", sol_error_text());
    return schedule;
}

/* Fails unless the sheet has the picture at (x, y). */
static void assert_shows(const SolImage *sheet, int x, int y, const SolImage *picture, int64_t frame)
{
    for (int row = 0; row < picture->height; row++)
        if (memcmp(sol_image_row_const(sheet, y + row) + 3 * x, sol_image_row_const(picture, row),
                   3 * (size_t)picture->width) != 0)
            fail_msg("frame %lld: row %d at %d,%d is another", (long long)frame, row, x, y);
}

static SolImage *load_image(const char *name, int n)
{
    SolImage *image = NULL;
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%d.png", folder, name, n);
    if (sol_image_load(&image, path) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return image;
}

static int64_t frames_told;

static void see(void *user, const SolRenderProgress *progress)
{
    (void)user;
    frames_told = progress->frames;
}

static void test_frames_and_places(void **state)
{
    static const struct {
        int row, column, frame;
    } cells[] = {{0, 0, 2}, {0, 1, 6}, {0, 2, 10}, {1, 0, 13}, {1, 1, 16}, {1, 2, 19},
                 {2, 0, 25}, {2, 1, 26}, {3, 0, 31}, {3, 1, 35}, {3, 2, 38}};
    const SolRenderOptions options = {.threads = 2, .progress = see};
    SolSchedule *schedule = load(segments);
    SolImage *sheet = NULL;
    (void)state;
    assert_int_equal(sol_render(schedule, &(SolRenderOptions){.threads = 2}, NULL), 0);
    if (sol_render_sheet(&sheet, schedule, &(SolSheetOptions){0}, &options) != SOL_OK)
        fail_msg("%s", sol_error_text());
    assert_int_equal(frames_told, sizeof cells / sizeof *cells);
    assert_int_equal(sheet->width, 320);
    assert_int_equal(sheet->height, 2 * MARGIN + 4 * ROW - 8);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        int x = MARGIN + cells[i].column * (WIDTH + BETWEEN), y = MARGIN + cells[i].row * ROW + LINE;
        SolImage *source = load_image("images", cells[i].frame), *painting = load_image("f", cells[i].frame);
        assert_shows(sheet, x, y, source, cells[i].frame);
        assert_shows(sheet, x, y + HEIGHT + SEAM, painting, cells[i].frame);
        sol_image_unref(&source);
        sol_image_unref(&painting);
    }
    sol_image_unref(&sheet);
    sol_schedule_close(&schedule);
    remove_folder(in_folder("f"));
}

/* One column shows the middle; a sheet of a given width has that width, and pictures to fill it. */
static void test_middle_and_width(void **state)
{
    SolSchedule *schedule = load("segments: [{frames: 0-9, style: none}, {frames: 10-10, style: none}]\n");
    SolImage *sheet = NULL;
    int cell = 700 - 2 * MARGIN, height = (HEIGHT * cell + WIDTH / 2) / WIDTH, row = 2 * LINE + 8 + 2 * height + SEAM;
    (void)state;
    assert_int_equal(sol_render_sheet(&sheet, schedule, &(SolSheetOptions){.columns = 1, .width = 700},
                                      &(SolRenderOptions){.threads = 1}), 0);
    assert_int_equal(sheet->width, 700);
    assert_int_equal(sheet->height, 2 * MARGIN + 2 * row - 8);
    for (int i = 0; i < 4; i++) {
        int y = MARGIN + i / 2 * row + LINE + i % 2 * (height + SEAM);
        assert_int_equal(read_number(sol_image_row(sheet, y) + 3 * MARGIN, sheet->stride, cell, height),
                         i < 2 ? 5 : 10);
    }
    sol_image_unref(&sheet);
    sol_schedule_close(&schedule);
}

static bool at_once(void *user)
{
    (void)user;
    return true;
}

static void test_failures(void **state)
{
    SolSchedule *schedule = load(segments);
    SolImage *sheet = NULL;
    (void)state;
    assert_int_equal(sol_render_sheet(&sheet, schedule, &(SolSheetOptions){.columns = 12, .width = 200},
                                      &(SolRenderOptions){0}), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(),
                        "a sheet that is 200 pixels wide has no room for 12 columns; make it 312 or more");
    assert_int_equal(sol_render_sheet(&sheet, schedule, &(SolSheetOptions){.columns = 1, .width = 30000},
                                      &(SolRenderOptions){0}), SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "pixels, and sides can be 32768 at most; make it narrower");
    assert_int_equal(sol_render_sheet(&sheet, schedule, &(SolSheetOptions){0},
                                      &(SolRenderOptions){.cancelled = at_once}), SOL_ERR_CANCELLED);
    assert_string_equal(sol_error_text(), "interrupted");
    assert_null(sheet);
    sol_schedule_close(&schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_and_places),
        cmocka_unit_test(test_middle_and_width),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests_name("render/sheet", tests, set_up, tear_down_folder);
}
