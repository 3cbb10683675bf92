/* SPDX-License-Identifier: Apache-2.0
 *
 * A temporary folder with the files that schedules name, for the tests of this folder. The tests run
 * inside it, so that every path in a schedule and in an error is short and known.
 */
#ifndef TESTS_SCHEDULE_FIXTURE_H
#define TESTS_SCHEDULE_FIXTURE_H

#include "support/support.h"

#include <solstice/schedule.h>

#include "schedule/schedule.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where models are looked for. */
static const char *const model_folders[] = {"models", NULL};

typedef struct Fixture {
    char folder[256];
    int home; /* the folder that the tests were started in */
} Fixture;

static int enter_folder(void **state)
{
    static const char *const folders[] = {"models", "styles", "frames", "deep", "deep/styles"};
    static const char *const files[] = {"clip.mp4",     "models/compact.safetensors", "styles/a.png", "styles/b.png",
                                        "frames/1.png", "deep/clip.mp4",              "deep/styles/a.png"};
    Fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    make_folder(fixture->folder);
    fixture->home = open(".", O_RDONLY);
    assert_true(fixture->home >= 0);
    assert_int_equal(chdir(fixture->folder), 0);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(mkdir(folders[i], 0777), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        write_text(files[i], "");
    *state = fixture;
    return 0;
}

static int leave_folder(void **state)
{
    Fixture *fixture = *state;
    int result = fchdir(fixture->home);
    close(fixture->home);
    remove_folder(fixture->folder);
    free(fixture);
    return result;
}

/* Loads a schedule that must be right. */
static SolSchedule *load_text(const char *text)
{
    SolSchedule *schedule = NULL;
    write_text("seasons.yaml", text);
    if (sol_schedule_load(&schedule, "seasons.yaml", model_folders) != SOL_OK)
        fail_msg("%s, of:\n%s", sol_error_text(), text);
    assert_non_null(schedule);
    return schedule;
}

#endif
