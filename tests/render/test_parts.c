/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of a render: where they are cut, and that their keys change with everything that decides pixels, and with
 * nothing else.
 */
#include "support/number.h"
#include "support/schedules.h"
#include "support/support.h"
#include "support/tensors.h"

#include "render/parts.h"
#include "schedule/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 400, MOST = 120, LEAST = 24 };

static int64_t pts[FRAMES];
static const SolVideoIndex index_of_clip = {.frames = FRAMES, .pts = pts, .end = FRAMES * 10, .time_base = {1, 250}};

static void write_tiny_model(const char *name, const char *tap)
{
    static const TestTensor tensors[] = {{"t.weight", {3, 3, 3, 3}}, {"t.bias", {3}}, {NULL, {0}}};
    char text[512];
    snprintf(text, sizeof text, "{'version': 1, 'method': 'adain', 'layers': [{'name': '%s', 'op': 'adain', 'style': "
             "'input'}, {'name': 'c', 'op': 'conv', 'tensors': 't', 'channels': 3, 'kernel': 3}]}", tap);
    write_model(in_folder(name), tensors, text);
}

static int set_up(void **state)
{
    assert_int_equal(enter_folder(state), 0);
    make_folder("images");
    write_numbered_images("images/", 0, 2, 64, 48);
    assert_int_equal(run_command("cd %s && cp -r images others && cp images/0.png a.png && cp images/1.png b.png && "
                                 "cp a.png same.png", folder), 0);
    write_tiny_model("m.safetensors", "a");
    write_tiny_model("twin.safetensors", "a");
    write_tiny_model("other.safetensors", "b");
    for (int n = 0; n < FRAMES; n++)
        pts[n] = 10 * n;
    return 0;
}

/* ---- cutting ---- */

/* What a test cuts; zero is as `usual` has it. */
typedef struct Cut {
    const char *segments, *input;
    int width, height, threads;
    SolPrecision precision;
    uint64_t memory;
    int64_t first, count;
} Cut;

static const char usual[] = "transition: 12\nsegments:\n"
                            "  - {frames: 0-99, style: a.png}\n  - {frames: 100-249, style: b.png}\n"
                            "  - {frames: 250-259, style: none}\n  - {frames: 300-399, style: a.png, strength: 0.5}\n";

/* A timeline with the schedule that it borrows from. */
typedef struct Laid {
    SolSchedule *schedule;
    SolTimeline *timeline;
} Laid;

static void clear(Laid *laid)
{
    sol_timeline_close(&laid->timeline);
    sol_schedule_close(&laid->schedule);
}

/* The timeline is the caller's to clear where it is asked for. */
static SolParts cut(Cut how, Laid *laid)
{
    SolSchedule *schedule;
    SolTimeline *made = NULL;
    SolParts parts = {0};
    SolVideo *video = NULL;
    char text[4096];
    SolPartsSource source = {.index = &index_of_clip,
                             .width = how.width ? how.width : 64,
                             .height = how.height ? how.height : 48,
                             .precision = how.precision,
                             .memory = how.memory ? how.memory : 1 << 30,
                             .threads = how.threads ? how.threads : 2,
                             .first = how.first,
                             .count = how.count ? how.count : FRAMES - how.first};
    snprintf(text, sizeof text, "version: 1\ninput: %s\nmodel: m.safetensors\noutputs: [{path: o.mp4}]\n%s",
             how.input ? how.input : "images", how.segments ? how.segments : usual);
    schedule = load_text(text);
    assert_int_equal(sol_timeline_open(&made, schedule, &index_of_clip), 0);
    assert_int_equal(sol_schedule_open_input(schedule, &(SolVideoOptions){.threads = 1}, &video), 0);
    source.timeline = made;
    source.steady = schedule->steady;
    source.video = video;
    if (sol_parts_cut(&parts, &source) != 0)
        fail_msg("%s", sol_error_text());
    sol_video_close(&video);
    if (laid)
        *laid = (Laid){schedule, made};
    else
        clear(&(Laid){schedule, made});
    return parts;
}

static void assert_firsts(Cut how, const char *expected)
{
    SolParts parts = cut(how, NULL);
    char text[1024] = "";
    for (int i = 0; i < parts.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d%s", i ? " " : "", (int)parts.items[i].first,
                 parts.items[i].painted ? "" : "n");
    assert_string_equal(text, expected);
    sol_parts_clear(&parts);
    assert_null(parts.items);
}

static void test_where_cuts_are(void **state)
{
    (void)state;
    /* transitions from 94 and to 244 (its fade belongs to the stretch); nothing for 250 to 299 */
    assert_firsts((Cut){0}, "0 94 106 178 250n 300");
    assert_firsts((Cut){.first = 100, .count = 7}, "100 106");
    assert_firsts((Cut){.first = 260, .count = 1}, "260n");
    assert_firsts((Cut){.segments = "segments: [{frames: 0-399, style: a.png}]\n"}, "0 100 200 300");
    assert_firsts((Cut){.segments = "segments: [{frames: 0-399, style: a.png}]\n", .count = 361}, "0 90 180 270");
    assert_firsts((Cut){.segments = "segments: [{frames: 0-0, style: a.png}, {frames: 1-1, style: a.png}, "
                                    "{frames: 2-2, style: none}]\n", .count = 5}, "0 1 2n");
    /* large frames: as many bytes as there may be; and not less than LEAST frames, however large */
    assert_firsts((Cut){.segments = "segments: [{frames: 0-399, style: a.png}]\n", .width = 3840, .height = 2160},
                  "0 40 80 120 160 200 240 280 320 360");
    assert_firsts((Cut){.segments = "segments: [{frames: 0-399, style: a.png}]\n", .width = 16000, .height = 16000,
                        .count = 49}, "0 16 32");
}

/* Every frame lies in one part, which is painted as the frame is, and by the same stretches all through. */
static void test_parts_cover_all(void **state)
{
    static const int64_t ranges[][2] = {{0, FRAMES}, {0, 1}, {399, 1}, {17, 300}, {93, 2}, {105, 2}, {249, 3}, {299, 2}};
    static const char *const schedules[] = {
        usual, "segments: [{frames: 3-3, style: a.png}]\n", "transition: 1\nsegments: [{frames: 0-9, style: a.png}, "
        "{frames: 10-10, style: b.png}, {frames: 11-30, style: a.png}]\n",
    };
    (void)state;
    for (size_t s = 0; s < sizeof schedules / sizeof *schedules; s++)
        for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
            Laid laid;
            SolParts parts = cut((Cut){.segments = schedules[s], .first = ranges[r][0], .count = ranges[r][1]}, &laid);
            int64_t next = ranges[r][0];
            for (int i = 0; i < parts.count; i++) {
                const SolPart *part = &parts.items[i];
                SolMoment first, moment;
                assert_int_equal(part->first, next);
                assert_in_range(part->count, 1, MOST);
                assert_false(part->reused || part->kept);
                next += part->count;
                sol_timeline_at(laid.timeline, part->first, &first);
                for (int64_t n = part->first; n < next; n++) {
                    sol_timeline_at(laid.timeline, n, &moment);
                    assert_int_equal(moment.sides > 0, part->painted);
                    assert_int_equal(moment.sides, first.sides);
                    assert_true(moment.sides == 0 || moment.from[0] == first.from[0]);
                    assert_ptr_equal(sol_parts_at(&parts, n), part);
                }
            }
            assert_int_equal(next, ranges[r][0] + ranges[r][1]);
            sol_parts_clear(&parts);
            clear(&laid);
        }
}

/* ---- keys ---- */

static bool same_key(const SolDigest *a, const SolDigest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Which parts have other keys than those of the usual cut: "x" for each that has, "." for each that has not. */
static const char *changed(Cut how)
{
    static char text[64];
    SolParts before = cut((Cut){0}, NULL), after = cut(how, NULL);
    assert_int_equal(before.count, after.count);
    for (int i = 0; i < before.count; i++)
        text[i] = same_key(&before.items[i].key, &after.items[i].key) ? '.' : 'x';
    text[before.count] = '\0';
    sol_parts_clear(&before);
    sol_parts_clear(&after);
    return text;
}

/* The parts: a, a to b, b, b (and its fade), untouched, a at half its strength (and its fade). */
static void test_keys_change_with_the_look(void **state)
{
    static const struct {
        const char *first, *second, *last, *changes;
    } cases[] = {
        {"style: a.png", "style: b.png", "style: a.png, strength: 0.5", "......"},
        {"style: same.png", "style: b.png", "style: same.png, strength: 0.5", "......"},
        {"style: a.png, name: spring", "style: b.png, strength: 1", "style: a.png, strength: 0.5", "......"},
        {"style: a.png", "style: a.png", "style: a.png, strength: 0.5", ".xxx.."},
        {"style: b.png", "style: b.png", "style: a.png, strength: 0.5", "xx...."},
        {"style: a.png", "style: b.png, strength: 0.9", "style: a.png, strength: 0.5", ".xxx.."},
        {"style: a.png", "style: b.png", "style: a.png, strength: 0.50001", ".....x"},
        {"style: [a.png, b.png]", "style: b.png", "style: a.png, strength: 0.5", "xx...."},
        {"style: a.png, color: luminance", "style: b.png", "style: a.png, strength: 0.5", "xx...."},
        {"style: a.png", "style: b.png", "style: a.png, strength: 0.5, color: content", ".....x"},
        {"style: a.png, model: other.safetensors", "style: b.png", "style: a.png, strength: 0.5", "xx...."},
        /* the same network by another name is another engine: a transition mixes paintings, not styles */
        {"style: a.png, model: twin.safetensors", "style: b.png", "style: a.png, strength: 0.5", ".x...."},
        /* where, how, and how one passes into the other */
        {"style: a.png, region: {rect: [0, 0, 50%, 50%]}", "style: b.png", "style: a.png, strength: 0.5", "xx...."},
        {"layers: [{style: a.png}, {style: none, region: {rect: [0, 0, 9, 9]}}]", "style: b.png",
         "style: a.png, strength: 0.5", "xx...."},
        {"style: a.png, strength: {at: {0%: 1, 100%: 0.9}}", "style: b.png", "style: a.png, strength: 0.5", "xx...."},
        {"style: a.png", "style: b.png, transition: {length: 12}", "style: a.png, strength: 0.5", "......"},
        {"style: a.png", "style: b.png, transition: {length: 12, kind: pixels}", "style: a.png, strength: 0.5", ".x...."},
        {"style: a.png", "style: b.png, transition: {length: 12, kind: wipe}", "style: a.png, strength: 0.5", ".x...."},
        {"style: a.png", "style: b.png, transition: {length: 12, curve: smooth}", "style: a.png, strength: 0.5", ".x...."},
        {"style: a.png", "style: b.png, transition: {length: 12, kind: region, region: {ellipse: [9, 9, 5]}}",
         "style: a.png, strength: 0.5", ".x...."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        snprintf(text, sizeof text, "transition: 12\nsegments:\n  - {frames: 0-99, %s}\n  - {frames: 100-249, %s}\n"
                 "  - {frames: 250-259, style: none}\n  - {frames: 300-399, %s}\n", cases[i].first, cases[i].second,
                 cases[i].last);
        if (strcmp(changed((Cut){.segments = text}), cases[i].changes) != 0)
            fail_msg("%s changes %s", text, changed((Cut){.segments = text}));
    }
}

static void test_keys_change_with_the_rest(void **state)
{
    static const char *const levels[] = {"light", "strong", "{level: strong, loss: no}"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%ssteady: %s\n", usual, levels[i]);
        assert_string_equal(changed((Cut){.segments = text}), "xxxxxx");
    }
    assert_string_equal(changed((Cut){.width = 66}), "xxxxxx");
    assert_string_equal(changed((Cut){.height = 50}), "xxxxxx");
    assert_string_equal(changed((Cut){.precision = SOL_PRECISION_FLOAT32}), "xxxxxx");
    assert_string_equal(changed((Cut){.memory = 1 << 29}), "xxxxxx");
    assert_string_equal(changed((Cut){.threads = 3}), "xxxxxx");
    assert_string_equal(changed((Cut){.input = "others"}), "......");
    assert_int_equal(run_command("cp %s/others/0.png %s/others/2.png", folder, folder), 0);
    assert_string_equal(changed((Cut){.input = "others"}), "xxxxxx");
#if defined(__x86_64__)
    {
        SolParts before = cut((Cut){0}, NULL), after;
        setenv("SOLSTICE_CPUMASK", "c", 1);
        after = cut((Cut){0}, NULL);
        unsetenv("SOLSTICE_CPUMASK");
        if (strcmp(changed((Cut){0}), "......") != 0)
            fail_msg("keys differ from call to call");
        if (getenv("SOLSTICE_CPUMASK") == NULL && __builtin_cpu_supports("avx2"))
            assert_false(same_key(&before.items[0].key, &after.items[0].key));
        sol_parts_clear(&before);
        sol_parts_clear(&after);
    }
#endif
}

/* A file's own bytes, under one name. */
static void test_keys_change_with_a_file(void **state)
{
    SolParts before = cut((Cut){0}, NULL), after;
    (void)state;
    assert_int_equal(run_command("cd %s && cp b.png kept.png && printf x >>b.png", folder), 0);
    after = cut((Cut){0}, NULL);
    for (int i = 0; i < before.count; i++)
        assert_int_equal(same_key(&before.items[i].key, &after.items[i].key), i == 0 || i > 3);
    assert_int_equal(run_command("cd %s && mv kept.png b.png", folder), 0);
    sol_parts_clear(&before);
    sol_parts_clear(&after);
}

/* Parts of paintings that begin with the one before have the key of the part before in their own. */
static void test_paintings_that_follow(void **state)
{
    static const char *const ways[] = {"", ", gatys: {init: content}"};
    (void)state;
    for (int way = 0; way < 2; way++) {
        SolParts parts[2];
        for (int i = 0; i < 2; i++) {
            char text[1024];
            snprintf(text, sizeof text, "segments:\n  - {frames: 0-199, style: a.png, method: gatys, strength: %d%s}\n"
                     "  - {frames: 200-399, style: b.png, method: gatys%s}\n", i, ways[way], ways[way]);
            parts[i] = cut((Cut){.segments = text}, NULL);
            assert_int_equal(parts[i].count, 4);
        }
        for (int k = 0; k < 4; k++) {
            assert_int_equal(parts[0].items[k].sequential, way == 0);
            assert_int_equal(parts[0].items[k].follows, way == 0 && k % 2 == 1);
            assert_int_equal(same_key(&parts[0].items[k].key, &parts[1].items[k].key), k > 1);
        }
        sol_parts_clear(&parts[0]);
        sol_parts_clear(&parts[1]);
    }
}

/* All that painting by optimisation goes by. */
static void test_keys_change_with_optimising(void **state)
{
    static const char *const options[] = {
        "content_layers: relu3_1", "style_layers: relu1_1", "content_weight: 2", "style_weight: 2", "tv_weight: 2",
        "temporal_weight: 2", "statistics: moments", "optimizer: adam", "init: noise", "seed: 2", "iterations: 2",
        "next_iterations: 2", "pyramid: 2", "time_limit: 2", "tv_weight: 30",
    };
    enum { COUNT = sizeof options / sizeof *options };
    SolDigest first = {{0}};
    (void)state;
    for (int i = -1; i < COUNT; i++) {
        char text[512];
        SolParts parts;
        snprintf(text, sizeof text, "segments:\n  - {frames: 0-399, style: a.png, method: gatys, gatys: {%s}}\n",
                 i < 0 ? "" : options[i]);
        parts = cut((Cut){.segments = text}, NULL);
        if (i < 0)
            first = parts.items[0].key;
        else if (same_key(&first, &parts.items[0].key) != (i == COUNT - 1)) /* which says what holds anyway */
            fail_msg("%s", options[i]);
        sol_parts_clear(&parts);
    }
}

/* ---- outputs ---- */

static SolDigest output_key(SolOutputSettings settings, SolWriterInput input)
{
    SolParts parts = cut((Cut){0}, NULL);
    SolDigest key;
    assert_int_equal(sol_part_output_key(&key, &parts.items[1], &settings, &input), 0);
    sol_parts_clear(&parts);
    return key;
}

static void test_outputs_keys(void **state)
{
    char mp4[] = "o.mp4", other[] = "folder/another.mp4", mkv[] = "o.mkv", slow[] = "slow";
    const SolOutputSettings film = {.path = mp4, .crf = -1};
    const SolWriterInput input = {.width = 64, .height = 48, .time_base = {1, 250}, .frame_rate = {25, 1}, .threads = 2,
                                  .count = FRAMES, .index = &index_of_clip};
    const SolOutputSettings films[] = {{.path = mkv, .crf = -1}, {.path = mp4, .crf = 20}, {.path = mp4, .crf = -1,
                                       .preset = slow}, {.path = mp4, .crf = -1, .width = 32}};
    const SolDigest key = output_key(film, input);
    SolWriterInput changes[4] = {input, input, input, input};
    SolDigest now = output_key((SolOutputSettings){.path = other, .crf = -1}, input);
    (void)state;
    assert_true(same_key(&key, &now));
    for (int i = 0; i < 4; i++) {
        now = output_key(films[i], input);
        assert_false(same_key(&key, &now));
    }
    changes[0].threads = 1;
    changes[1].frame_rate = (SolRational){24, 1};
    changes[2].time_base = (SolRational){1, 240};
    changes[3].first = 1; /* what comes first begins at time 0 */
    for (int i = 0; i < 4; i++) {
        now = output_key(film, changes[i]);
        assert_false(same_key(&key, &now));
    }
    pts[99]++; /* within the part, from 94 to 105; then within another */
    now = output_key(film, input);
    assert_false(same_key(&key, &now));
    pts[99]--;
    pts[200]++;
    now = output_key(film, input);
    pts[200]--;
    assert_true(same_key(&key, &now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_cuts_are),
        cmocka_unit_test(test_parts_cover_all),
        cmocka_unit_test(test_keys_change_with_the_look),
        cmocka_unit_test(test_keys_change_with_the_rest),
        cmocka_unit_test(test_keys_change_with_a_file),
        cmocka_unit_test(test_paintings_that_follow),
        cmocka_unit_test(test_keys_change_with_optimising),
        cmocka_unit_test(test_outputs_keys),
    };
    return cmocka_run_group_tests_name("render/parts", tests, set_up, leave_folder);
}
