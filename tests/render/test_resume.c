/* SPDX-License-Identifier: Apache-2.0
 *
 * Going on: renders that are stopped and begun again make what one makes that is left alone, frame for frame and
 * packet for packet, paint no frame twice, and leave nothing behind.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/schedules.h"
#include "support/support.h"
#include "support/tensors.h"

#include "base/digest.h"
#include "base/lock.h"
#include "base/text.h"
#include "render/store.h"

#include <solstice/render.h>

#include <dirent.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FRAMES = 40 };

/* Two styles, a transition, frames that pass through with fades on both sides, and the content's own colours. */
static const char seasons[] = "transition: 4\nsegments:\n"
                              "  - {name: a, frames: 0-11, style: a.png}\n"
                              "  - {name: b, frames: 12-21, style: b.png, strength: 0.7}\n"
                              "  - {name: c, frames: 22-27, style: none}\n"
                              "  - {name: d, frames: 28-39, style: a.png, color: content}\n";

/* Segments of one frame, a second engine, and a mixture of paintings. */
static const char pieces[] = "segments:\n"
                             "  - {frames: 0-0, style: a.png}\n  - {frames: 1-1, style: none}\n"
                             "  - {frames: 2-2, style: b.png}\n  - {frames: 3-3, style: a.png, color: luminance}\n"
                             "  - {frames: 4-20, style: [a.png, b.png], weights: [1, 2]}\n"
                             "  - {frames: 21-39, style: b.png, model: twin.safetensors}\n";

/* Paintings that begin with the ones before them, also through a transition and from one engine to the other. */
static const char optimised[] = "gatys: {iterations: 3, next_iterations: 2, pyramid: 1}\n"
                                "transition: 2\nsegments:\n"
                                "  - {frames: 0-4, style: a.png, model: compact, method: gatys}\n"
                                "  - {frames: 5-8, style: b.png, model: compact, method: gatys}\n"
                                "  - {frames: 9-11, style: none}\n  - {frames: 12-15, style: b.png}\n"
                                "  - {frames: 16-19, style: a.png, model: compact, method: gatys}\n";

/* Paintings held to the ones before, in regions, through transitions with an edge, and by optimisation, too. */
static const char steadied[] = "steady: strong\ncycle: true\ngatys: {iterations: 3, next_iterations: 2, pyramid: 1}\n"
                               "transition: {length: 4, kind: wipe}\nsegments:\n"
                               "  - {frames: 0-8, style: a.png, strength: {at: {0: 0.2, 8: 1}}}\n"
                               "  - frames: 9-15\n    layers:\n      - {style: b.png}\n"
                               "      - {style: a.png, region: {key: {value: 50%-, hold: 0.8}}, statistics: region}\n"
                               "  - {frames: 16-19, style: none}\n"
                               "  - {frames: 20-27, style: a.png, model: compact, method: gatys}\n"
                               "  - {frames: 28-39, style: b.png, transition: {length: 4, kind: region, "
                               "region: {key: {value: 50%-}}}}\n";

/* What a schedule makes, in folders of their own. */
static const char *const names[] = {"film/a.mp4", "gif/a.gif", "stills/%03d.png"};
enum { OUTPUTS = sizeof names / sizeof *names };

/* What is said of these: all frames show, or few, and others in each. */
static const char *const whole[OUTPUTS] = {"", ", width: 40, fps: 15, bounce: yes, crop: 4:3", ""};
static const char *const sparse[OUTPUTS] = {", speed: 3x", ", width: 40, speed: 5x, frames: 6-35, max_size: 3KB",
                                            ", fps: 2.5, frames: 4-39"};
static const char *const *said = whole;

/* A network that paints badly, and at once. */
static void write_tiny_model(const char *name)
{
    static const TestTensor tensors[] = {{"t.weight", {3, 3, 3, 3}}, {"t.bias", {3}}, {NULL, {0}}};
    write_model(in_folder(name), tensors,
                "{'version': 1, 'method': 'adain', 'layers': [{'name': 'a', 'op': 'adain', 'style': 'input'},"
                "{'name': 'c', 'op': 'conv', 'tensors': 't', 'channels': 3, 'kernel': 3}]}");
}

static int set_up(void **state)
{
    assert_int_equal(set_up_folder(state), 0);
    /* frames that last differently long */
    numbered_clip(FRAMES, "-vf settb=1/1000,setpts='33*N+7*mod(N\\,3)' -vsync 0 -c:v libx264 -crf 10 -bf 2 clip.mkv");
    ffmpeg("-f lavfi -i mandelbrot=size=97x61 -frames:v 1 a.png");
    ffmpeg("-f lavfi -i testsrc2=size=64x80 -frames:v 1 b.png");
    write_tiny_model("tiny.safetensors");
    write_tiny_model("twin.safetensors");
    return 0;
}

/* ---- rendering ---- */

static SolSchedule *load(const char *segments)
{
    SolSchedule *schedule = NULL;
    char text[4096], list[1024] = "";
    for (int i = 0; i < OUTPUTS; i++) {
        snprintf(list + strlen(list), sizeof list - strlen(list), "  - {path: '%s/%s'%s}\n", folder, names[i], said[i]);
    }
    snprintf(text, sizeof text, "version: 1\ninput: clip.mkv\nmodel: tiny.safetensors\n%soutputs:\n%s", segments, list);
    write_text(in_folder("s.yaml"), text);
    if (sol_schedule_load(&schedule, in_folder("s.yaml"), &(SolScheduleOptions){.model_folders = model_folders}) != 0)
        fail_msg("%s", sol_error_text());
    return schedule;
}

/* Stops a render when it has written so many frames of its own. */
typedef struct Stop {
    atomic_int left;
    int64_t after;
} Stop;

static void count_down(void *user, const SolRenderProgress *progress)
{
    Stop *stop = user;
    if (progress->done - progress->reused >= stop->after)
        atomic_store(&stop->left, 0);
}

static bool is_over(void *user)
{
    return atomic_load(&((Stop *)user)->left) == 0;
}

/* What must be gone before a render can begin, and after it. */
static void remove_outputs(void)
{
    static const char *const folders[] = {"film", "gif", "stills"};
    for (int i = 0; i < 3; i++)
        if (count_entries(in_folder(folders[i])) >= 0)
            remove_folder(in_folder(folders[i]));
}

/*
 * Renders, and stops after every `after` frames, until all is done; how many times it was stopped. Frames that pass
 * through are kept when all those beside them are written, and take some more.
 */
static int render_in_pieces(const SolSchedule *schedule, int64_t after, SolRenderOptions options, SolRenderReport *report)
{
    long long kept = 0, count;
    int64_t more = 0;
    int stops = 0, result;
    for (;;) {
        Stop stop = {1, after + more};
        long long former = kept;
        options.progress = count_down;
        options.cancelled = is_over;
        options.user = &stop;
        result = sol_render(schedule, &options, report);
        if (result != SOL_ERR_CANCELLED)
            break;
        assert_int_equal(sscanf(sol_error_text(), "interrupted with %lld of %lld frames done", &kept, &count), 2);
        assert_true(kept >= former);
        more = kept > former ? 0 : more + 1;
        assert_true(++stops <= 2 * FRAMES);
    }
    if (result != SOL_OK)
        fail_msg("%s", sol_error_text());
    assert_true(report->reused >= kept); /* and nothing lost */
    return stops;
}

/* ---- what was made ---- */

static void add_digest(char **all, const char *path)
{
    SolDigester *digester = NULL;
    SolDigest digest;
    char text[33], *more;
    assert_int_equal(sol_digester_open(&digester), 0);
    if (sol_digester_add_file(digester, path) != SOL_OK)
        fail_msg("%s", sol_error_text());
    digest = sol_digester_finish(digester);
    sol_digester_close(&digester);
    more = sol_format("%s%s %s\n", *all, path, sol_digest_text(&digest, text));
    assert_non_null(more);
    free(*all);
    *all = more;
}

/* Fingerprints of all outputs, bytes and all; freed with free(). */
static char *outcome(int first, int frames)
{
    char *all = sol_copy("");
    for (int i = 0; i < OUTPUTS; i++) {
        char path[512];
        if (!strchr(names[i], '%'))
            add_digest(&all, in_folder(names[i]));
        for (int n = first; strchr(names[i], '%') && n < first + frames; n++) {
            snprintf(path, sizeof path, "%s/stills/%03d.png", folder, n);
            if (said == whole || access(path, F_OK) == 0)
                add_digest(&all, path);
        }
    }
    return all;
}

static void assert_only_outputs(int frames)
{
    assert_int_equal(count_entries(in_folder("film")), 1);
    assert_int_equal(count_entries(in_folder("gif")), 1);
    assert_int_equal(count_entries(in_folder("stills")), frames);
}

/* Compares with what an undisturbed render makes. */
static void assert_same(const char *expected)
{
    char *made = outcome(0, FRAMES);
    assert_string_equal(made, expected);
    free(made);
}

static char *render_undisturbed(const SolSchedule *schedule, SolRenderOptions options)
{
    remove_outputs();
    if (sol_render(schedule, &options, NULL) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return outcome((int)options.first, options.count ? (int)options.count : FRAMES);
}

static void check_stops(const char *segments, const int64_t after[], int count, SolRenderOptions options, int frames)
{
    SolSchedule *schedule = load(segments);
    char *expected = render_undisturbed(schedule, options);
    for (int i = 0; i < count; i++) {
        SolRenderReport report;
        char *made;
        remove_outputs();
        assert_true(render_in_pieces(schedule, after[i], options, &report) >= 1);
        assert_int_equal(report.frames, frames);
        assert_true(report.painted <= frames - report.reused);
        sol_render_report_clear(&report);
        assert_only_outputs(frames);
        made = outcome((int)options.first, frames);
        assert_string_equal(made, expected);
        free(made);
    }
    remove_outputs();
    free(expected);
    sol_schedule_close(&schedule);
}

/* ---- stopped at any frame ---- */

static void test_stopped_at_every_frame(void **state)
{
    static const int64_t after[] = {1, 7, 16};
    (void)state;
    check_stops(seasons, after, 3, (SolRenderOptions){.threads = 2}, FRAMES);
}

static void test_short_segments_and_engines(void **state)
{
    static const int64_t after[] = {1, 5, 12};
    (void)state;
    check_stops(pieces, after, 3, (SolRenderOptions){.threads = 1}, FRAMES);
}

static void test_range(void **state)
{
    static const int64_t after[] = {2, 11};
    (void)state;
    check_stops(seasons, after, 2, (SolRenderOptions){.threads = 1, .first = 9, .count = 25}, 25);
}

static void test_steadied(void **state)
{
    static const int64_t after[] = {1, 7};
    (void)state;
    check_stops(steadied, after, 2, (SolRenderOptions){.threads = 2, .size = 32}, FRAMES);
}

static void test_paintings_that_follow_each_other(void **state)
{
    static const int64_t after[] = {2, 5};
    (void)state;
    check_stops(optimised, after, 2, (SolRenderOptions){.threads = 2, .size = 32, .count = 20}, 20);
}

/* Frames that no output shows are not painted, and going on does not stumble over them. */
static void test_frames_that_do_not_show(void **state)
{
    static const char *const all[] = {seasons, pieces, optimised};
    (void)state;
    said = sparse;
    for (int i = 0; i < 3; i++) {
        SolRenderOptions options = {.threads = 2, .size = i == 2 ? 32 : 0};
        SolSchedule *schedule = load(all[i]);
        char *expected = render_undisturbed(schedule, options), *made;
        /* 0, 3, .. 39; 6, 11, .. 31; and some more */
        assert_null(strstr(expected, "stills/005.png"));
        assert_non_null(strstr(expected, "stills/004.png"));
        for (int64_t after = 1; after < 12; after += 5) {
            SolRenderReport report;
            remove_outputs();
            assert_true(render_in_pieces(schedule, after, options, &report) >= 1);
            assert_in_range(report.frames, 14 + 4, 14 + 6 + 4);
            assert_true(report.painted <= report.frames - report.reused);
            assert_int_equal(report.outputs[0].frames, 14);
            assert_int_equal(report.outputs[0].dropped, 26);
            sol_render_report_clear(&report);
            made = outcome(0, FRAMES);
            assert_string_equal(made, expected);
            free(made);
        }
        remove_outputs();
        free(expected);
        sol_schedule_close(&schedule);
    }
    said = whole;
}

static void paint_stills(const char *input, int last, const char *stills)
{
    SolSchedule *schedule = NULL;
    char text[2048];
    snprintf(text, sizeof text, "version: 1\ninput: %s\nmodel: compact\ngatys: {iterations: 4, next_iterations: 2, "
             "pyramid: 1}\nsegments:\n  - {frames: 0-%d, style: a.png, method: gatys}\noutputs:\n  - {path: '%s/%s}\n",
             input, last, folder, stills);
    write_text(in_folder("s.yaml"), text);
    if (sol_schedule_load(&schedule, in_folder("s.yaml"), &(SolScheduleOptions){.model_folders = model_folders}) != 0 ||
        sol_render(schedule, &(SolRenderOptions){.threads = 2, .size = 32}, NULL) != SOL_OK)
        fail_msg("%s", sol_error_text());
    sol_schedule_close(&schedule);
}

/* Frames that do not show make no difference: a painting begins with the one that shows before it. */
static void test_paintings_follow_those_that_show(void **state)
{
    (void)state;
    ffmpeg("-f lavfi -i testsrc2=rate=30:size=48x32 -frames:v 12 -c:v ffv1 all.mkv");
    ffmpeg("-i all.mkv -vf 'select=not(mod(n\\,3))' -vsync 0 -c:v ffv1 third.mkv");
    paint_stills("third.mkv", 3, "of-third/%02d.png'");
    paint_stills("all.mkv", 11, "of-all/%02d.png', fps: 10");
    for (int n = 0; n < 4; n++)
        assert_int_equal(run_command("cmp %s/of-third/%02d.png %s/of-all/%02d.png", folder, n, folder, 3 * n), 0);
    assert_int_equal(count_entries(in_folder("of-all")), 4);
    assert_int_equal(run_command("cmp -s %s/of-all/00.png %s/of-all/03.png", folder, folder) != 0, 1);
}

/* ---- what is kept, and taken over ---- */

/* Renders, and says how many frames were taken over. */
static int64_t render_again(const char *segments, SolRenderOptions options)
{
    SolSchedule *schedule = load(segments);
    SolRenderReport report;
    int64_t reused;
    options.overwrite = true;
    options.threads = 1;
    if (sol_render(schedule, &options, &report) != SOL_OK)
        fail_msg("%s", sol_error_text());
    reused = report.reused;
    assert_int_equal(report.frames, options.count ? options.count : FRAMES);
    sol_render_report_clear(&report);
    sol_schedule_close(&schedule);
    return reused;
}

static void test_keep(void **state)
{
    const SolRenderOptions keep = {.keep = true};
    char *expected;
    (void)state;
    remove_outputs();
    assert_int_equal(render_again(seasons, keep), 0);
    assert_int_equal(count_entries(in_folder("film")), 2);
    expected = outcome(0, FRAMES);
    assert_int_equal(render_again(seasons, keep), FRAMES);
    assert_same(expected);
    assert_int_equal(render_again(seasons, (SolRenderOptions){0}), FRAMES);
    assert_same(expected);
    assert_only_outputs(FRAMES);
    assert_int_equal(render_again(seasons, (SolRenderOptions){0}), 0);
    free(expected);
    remove_outputs();
}

/* Only what the change touches is painted again; then the result is that of the changed schedule. */
static void test_one_change(void **state)
{
    static const struct {
        const char *segments;
        int64_t reused;
    } changes[] = {
        {"transition: 4\nsegments:\n  - {name: a, frames: 0-11, style: a.png}\n"
         "  - {name: b, frames: 12-21, style: a.png, strength: 0.7}\n  - {frames: 22-27, style: none}\n"
         "  - {frames: 28-39, style: a.png, color: content}\n", 10 + 6 + 12},
        {"transition: 4\nsegments:\n  - {name: z, frames: 0-11, style: a.png, strength: 0.9}\n"
         "  - {frames: 12-21, style: b.png, strength: 0.7}\n  - {frames: 22-27, style: none}\n"
         "  - {frames: 28-39, style: a.png, color: content}\n", 8 + 6 + 12},
        {"transition: 4\nsegments:\n  - {name: a, frames: 0-11, style: a.png}\n"
         "  - {frames: 12-21, style: b.png, strength: 0.7}\n  - {frames: 22-27, style: none}\n"
         "  - {frames: 28-39, style: a.png}\n", 40 - 12},
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *former, *made;
        remove_outputs();
        render_again(seasons, (SolRenderOptions){.keep = true});
        former = outcome(0, FRAMES);
        assert_int_equal(render_again(changes[i].segments, (SolRenderOptions){.keep = true}), changes[i].reused);
        made = outcome(0, FRAMES);
        assert_string_not_equal(made, former);
        free(former);
        assert_int_equal(render_again(seasons, (SolRenderOptions){0}), FRAMES); /* the former parts are there still */
        render_again(changes[i].segments, (SolRenderOptions){0});
        assert_same(made);
        free(made);
    }
    remove_outputs();
}

/* A style by another name is the same style; another picture by the same name is not. */
static void test_files_are_known_by_content(void **state)
{
    static const char *const named[] = {"segments:\n  - {frames: 0-19, style: x.png}\n  - {frames: 20-39, style: a.png}\n",
                                        "segments:\n  - {frames: 0-19, style: y.png}\n  - {frames: 20-39, style: a.png}\n"};
    (void)state;
    assert_int_equal(run_command("cd %s && cp b.png x.png && cp b.png y.png", folder), 0);
    assert_int_equal(render_again(named[0], (SolRenderOptions){.keep = true}), 0);
    assert_int_equal(render_again(named[1], (SolRenderOptions){.keep = true}), FRAMES);
    assert_int_equal(run_command("cd %s && cp a.png y.png", folder), 0);
    assert_int_equal(render_again(named[1], (SolRenderOptions){.keep = true}), 20);
    assert_int_equal(run_command("cd %s && cp clip.mkv former.mkv && printf x >>clip.mkv", folder), 0);
    assert_int_equal(render_again(named[1], (SolRenderOptions){0}), 0);
    assert_int_equal(run_command("cd %s && mv former.mkv clip.mkv && rm x.png y.png", folder), 0);
    remove_outputs();
}

/* ---- damage ---- */

static const char *store_of(const char *output)
{
    static char path[512];
    char *made = sol_store_folder(in_folder(output));
    snprintf(path, sizeof path, "%s", made);
    free(made);
    return path;
}

/* Spoils every file of the store in some way. */
static void spoil(const char *store, int way)
{
    DIR *directory = opendir(store);
    const struct dirent *entry;
    assert_non_null(directory);
    while ((entry = readdir(directory))) {
        char path[1024];
        uint8_t *bytes;
        size_t size;
        snprintf(path, sizeof path, "%s/%s", store, entry->d_name);
        if (*entry->d_name == '.')
            continue;
        bytes = read_bytes(path, &size);
        assert_true(size > 24);
        if (way == 0)
            bytes[size / 2] ^= 1;
        else
            size = way == 1 ? size - 1 : way == 2 ? size / 3 : 0;
        write_bytes(path, bytes, size);
        free(bytes);
    }
    closedir(directory);
}

static void test_damage_is_painted_again(void **state)
{
    char *expected;
    (void)state;
    remove_outputs();
    render_again(seasons, (SolRenderOptions){.keep = true});
    expected = outcome(0, FRAMES);
    for (int way = 0; way < 4; way++) {
        spoil(store_of(names[0]), way);
        assert_int_equal(render_again(seasons, (SolRenderOptions){.keep = true}), 0);
        assert_same(expected);
    }
    /* somebody's own file stays */
    write_text(in_folder("film/.a.mp4.parts/notes.txt"), "mine");
    render_again(seasons, (SolRenderOptions){0});
    assert_int_equal(count_entries(in_folder("film/.a.mp4.parts")), 1);
    free(expected);
    remove_outputs();
}

/* Frames that are kept in a file whose end is damaged, or of another render, are not trusted. */
static void test_damaged_frames(void **state)
{
    SolSchedule *schedule = load(seasons);
    char *expected = render_undisturbed(schedule, (SolRenderOptions){.threads = 1});
    (void)state;
    for (int way = 0; way < 4; way++) {
        Stop stop = {1, 6};
        SolRenderOptions options = {.threads = 1, .progress = count_down, .cancelled = is_over, .user = &stop};
        SolRenderReport report;
        int kept;
        remove_outputs();
        assert_int_equal(sol_render(schedule, &options, NULL), SOL_ERR_CANCELLED);
        assert_int_equal(sscanf(sol_error_text(), "interrupted with %d of", &kept), 1);
        spoil(store_of(names[0]), way);
        assert_int_equal(sol_render(schedule, &(SolRenderOptions){.threads = 1}, &report), 0);
        assert_true(report.reused < kept);
        sol_render_report_clear(&report);
        assert_same(expected);
        assert_only_outputs(FRAMES);
    }
    free(expected);
    sol_schedule_close(&schedule);
    remove_outputs();
}

/* ---- two at once, and ends that go wrong ---- */

static void test_second_render_refuses(void **state)
{
    SolSchedule *schedule = load(seasons);
    SolLock *lock = NULL;
    char path[600], expected[1024];
    long holder;
    (void)state;
    make_folder(in_folder("film"));
    snprintf(path, sizeof path, "%s/lock", store_of(names[0]));
    make_folder(store_of(names[0]));
    assert_int_equal(sol_lock_open(&lock, path, &holder), 0);
    assert_int_equal(sol_render(schedule, &(SolRenderOptions){0}, NULL), SOL_ERR_EXISTS);
    snprintf(expected, sizeof expected, "film/a.mp4: is being rendered already, by process %ld; wait for it, or stop it",
             (long)getpid());
    assert_string_equal(error_in_folder(), expected);
    assert_int_equal(count_entries(in_folder("film")), 1);
    assert_int_equal(count_entries(store_of(names[0])), 1);
    sol_lock_close(&lock);
    assert_int_equal(sol_render(schedule, &(SolRenderOptions){0}, NULL), 0);
    assert_only_outputs(FRAMES);
    sol_schedule_close(&schedule);
    remove_outputs();
}

/* With the last frame, an output's folder goes, or somebody else's file comes in its place. */
typedef struct Trouble {
    const char *command;
} Trouble;

static void make_trouble(void *user, const SolRenderProgress *progress)
{
    if (progress->done == progress->frames)
        assert_int_equal(run_command("cd %s && %s", folder, ((const Trouble *)user)->command), 0);
}

/* The film has its name already when the GIF cannot get its own: the next render may replace the film. */
static void test_going_on_among_named_outputs(void **state)
{
    SolSchedule *schedule = load(seasons);
    char *expected = render_undisturbed(schedule, (SolRenderOptions){.threads = 1});
    Trouble trouble = {"mv gif gone"};
    SolRenderOptions options = {.threads = 1, .progress = make_trouble, .user = &trouble};
    SolRenderReport report;
    (void)state;
    remove_outputs();
    assert_int_equal(sol_render(schedule, &options, NULL), SOL_ERR_IO);
    assert_contains(sol_error_text(), "40 of 40 frames are kept, and the same command goes on from there");
    assert_int_equal(run_command("cd %s && test -e film/a.mp4 && mv gone gif", folder), 0);
    assert_int_equal(sol_render(schedule, &(SolRenderOptions){.threads = 1}, &report), 0);
    assert_int_equal(report.reused, FRAMES);
    sol_render_report_clear(&report);
    assert_same(expected);
    assert_int_equal(run_command("rm %s/gif/.a.gif.*.partial; true", folder), 0); /* of this process, in another folder */
    assert_only_outputs(FRAMES);
    remove_outputs();
    trouble.command = "touch gif/a.gif";
    assert_int_equal(sol_render(schedule, &options, NULL), SOL_ERR_EXISTS);
    assert_contains(sol_error_text(), "gif/a.gif: appeared meanwhile");
    assert_int_equal(sol_render(schedule, &(SolRenderOptions){.threads = 1}, NULL), SOL_ERR_EXISTS);
    assert_int_equal(render_again(seasons, (SolRenderOptions){0}), FRAMES);
    assert_same(expected);
    assert_only_outputs(FRAMES);
    free(expected);
    sol_schedule_close(&schedule);
    remove_outputs();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped_at_every_frame),
        cmocka_unit_test(test_short_segments_and_engines),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_steadied),
        cmocka_unit_test(test_paintings_that_follow_each_other),
        cmocka_unit_test(test_frames_that_do_not_show),
        cmocka_unit_test(test_paintings_follow_those_that_show),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_one_change),
        cmocka_unit_test(test_files_are_known_by_content),
        cmocka_unit_test(test_damage_is_painted_again),
        cmocka_unit_test(test_damaged_frames),
        cmocka_unit_test(test_second_render_refuses),
        cmocka_unit_test(test_going_on_among_named_outputs),
    };
    return cmocka_run_group_tests_name("render/resume", tests, set_up, tear_down_folder);
}
