/* SPDX-License-Identifier: Apache-2.0
 *
 * The files that schedules name.
 */
#include "support/schedules.h"

#include "support/support.h"

#include <fcntl.h>
#include <unistd.h>

const char *const model_folders[] = {"models", NULL};
const SolScheduleOptions schedule_options = {.model_folders = model_folders};

static int home = -1; /* the folder that the tests were started in */

int enter_folder(void **state)
{
    static const char *const folders[] = {"models", "styles", "frames", "deep", "deep/styles"};
    static const char *const files[] = {"clip.mp4",     "models/compact.safetensors", "styles/a.png", "styles/b.png",
                                        "frames/1.png", "deep/clip.mp4",              "deep/styles/a.png"};
    home = open(".", O_RDONLY);
    if (home < 0 || set_up_folder(state) != 0 || chdir(folder) != 0)
        return -1;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        make_folder(folders[i]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        write_text(files[i], "");
    return 0;
}

int leave_folder(void **state)
{
    int result = fchdir(home);
    close(home);
    tear_down_folder(state);
    return result;
}

SolSchedule *load_text(const char *text)
{
    SolSchedule *schedule = NULL;
    write_text("seasons.yaml", text);
    if (sol_schedule_load(&schedule, "seasons.yaml", &schedule_options) != SOL_OK)
        fail_msg("%s, of:\n%s", sol_error_text(), text);
    assert_non_null(schedule);
    return schedule;
}
