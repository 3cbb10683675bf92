/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedules as files: every error in them compared whole.
 */
#include "support/schedules.h"
#include "support/support.h"

#include "base/text.h"
#include "schedule/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A schedule cut where the cases below differ from it: lines 1-2, 3, 4-6, 7-8. */
#define HEAD "version: 1\ninput: clip.mp4\n"
#define LIST "segments:\n"
#define SPRING "  - name: spring\n    frames: 0-59\n    style: styles/a.png\n"
#define TAIL "outputs:\n  - path: out/film.mp4\n"
#define RIGHT HEAD LIST SPRING TAIL

#define ABOUT_PATHS "; paths count from the schedule's folder"
#define TOP_KEYS \
    "version, input, format, framerate, gaps, background, model, method, levels, gatys, color, size, precision, " \
    "memory, segments, transition, cycle, steady, outputs"

typedef struct Case {
    const char *text, *error;
} Case;

static void expect_error(const char *text, size_t length, const char *error)
{
    SolSchedule *schedule = NULL;
    write_bytes("seasons.yaml", text, length);
    if (sol_schedule_load(&schedule, "seasons.yaml", &schedule_options) != SOL_ERR_SCHEDULE)
        fail_msg("loaded, where this was expected: %s", error);
    assert_string_equal(sol_error_text(), error);
    assert_null(schedule);
}

static void expect_errors(const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_error(cases[i].text, strlen(cases[i].text), cases[i].error);
}

#define EXPECT_ERRORS(cases) expect_errors(cases, sizeof(cases) / sizeof(cases)[0])

static void test_syntax(void **state)
{
    static const Case cases[] = {
        {"", "seasons.yaml:1:1: the schedule is empty; begin with \"version: 1\""},
        {"# nothing\n", "seasons.yaml:1:1: the schedule is empty; begin with \"version: 1\""},
        {"---\n", "seasons.yaml:1:1: the schedule is empty; begin with \"version: 1\""},
        {"- a\n", "seasons.yaml:1:1: the schedule must be a mapping (\"key: value\"), not a list"},
        {"~\n", "seasons.yaml:1:1: the schedule must be a mapping (\"key: value\"), not empty"},
        {"input:clip.mp4\n",
         "seasons.yaml:1:1: the schedule must be a mapping (\"key: value\"), not \"input:clip.mp4\""},
        {RIGHT "---\nversion: 1\n", "seasons.yaml:9:1: a second document begins here; a schedule is one document"},
        {"version: 1\n\tinput: a\n", "seasons.yaml:2:1: a tab character; indent with spaces"},
        {"version:\n\t1\n", "seasons.yaml:2:1: a tab character; indent with spaces"},
        {"input: |\n\tx\n", "seasons.yaml:2:1: a tab character; indent with spaces"},
        {"input: %d.png\n", "seasons.yaml:1:8: a text cannot begin with \"%\"; put it in quotes"},
        {"input: @a\n", "seasons.yaml:1:8: a text cannot begin with \"@\"; put it in quotes"},
        {"input: a: b\n", "seasons.yaml:1:9: a \":\" that does not belong here; check the indentation, or quote a "
                          "text that holds \": \""},
        {"input: a\nsize 512\n", "seasons.yaml:2:1: a key without a value; write \"key: value\""},
        {"input: \"a\nsize: 512\n", "seasons.yaml:1:8: the quote that opens here is never closed"},
        {"input: 'a\n---\n", "seasons.yaml:1:8: the quote that opens here is never closed"},
        {"input: \"C:\\q\"\n", "seasons.yaml:1:11: an unknown escape; in double quotes a backslash is written \\\\, in "
                               "single quotes as it is"},
        {"input: 'a' b\n", "seasons.yaml:1:12: a key was expected here; check the indentation and the quotes"},
        {"segments: - a\n", "seasons.yaml:1:11: a list item does not belong here; begin the list on a line of its own, "
                            "or write [a, b]"},
        {"segments:\n  - a\n   b: c\n",
         "seasons.yaml:3:5: a \":\" that does not belong here; check the indentation, or quote a text that holds "
         "\": \""},
        {"segments:\n  - a: b\n   b: c\n",
         "seasons.yaml:3:4: the next list item (\"- \") was expected here; check the indentation"},
        {"segments:\n  - {a: b\n", "seasons.yaml:2:5: the mapping that begins here is not closed; end it with \"}\""},
        {"segments: [a, b\n", "seasons.yaml:1:11: the list that begins here is not closed; end it with \"]\""},
        {"segments: ]\n", "seasons.yaml:1:11: a value was expected here"},
        {"input: | a\n", "seasons.yaml:1:10: the text of a block (\"|\" or \">\") begins on the next line"},
        {"input: *a\n", "seasons.yaml:1:8: an alias (\"*name\") whose anchor (\"&name\") is not defined above"},
        {"input: *.png\n",
         "seasons.yaml:1:9: a name was expected here; quote a text that begins with \"*\" or \"&\""},
        {"segments: [{name:, style: a}]\n",
         "seasons.yaml:1:17: a \":\" that does not belong here; a space follows the colon behind a key"},
        {"input: &a b\nmodel: &a c\n",
         "seasons.yaml:2:8: an anchor of this name is already defined above; choose another name"},
        {"input: !!str a\n", "seasons.yaml:1:8: a tag (\"!...\"), which has no meaning in a schedule; remove it"},
        {"%YAML 3.0\n---\ninput: a\n",
         "seasons.yaml:1:1: a YAML version that is not understood; remove the %YAML line"},
        {"input: a\xc3\xa4\x07\n", "seasons.yaml:1:10: the control character U+0007; remove it"},
        {"version: 1\r\ninput: \xff\n", "seasons.yaml:2:8: not UTF-8 text; save the schedule as UTF-8"},
        {"input: \xc3", "seasons.yaml:1:8: not UTF-8 text; save the schedule as UTF-8"},
        {"\xff\xfev\n", "seasons.yaml:1:1: not UTF-8 text; save the schedule as UTF-8"},
    };
    static const char nul[] = "version: 1\n\0";
    (void)state;
    EXPECT_ERRORS(cases);
    expect_error(nul, sizeof nul - 1, "seasons.yaml:2:1: a NUL character; a schedule is a text file");
}

/* Files that could keep a parser busy, or exhaust its stack, are refused at once. */
static void test_hostile(void **state)
{
    enum { SIZE = (4 << 20) + 1, BRACKETS = 100000 };
    char *text = malloc(SIZE);
    size_t length = 0;
    (void)state;
    assert_non_null(text);
    memset(text, '#', SIZE);
    memcpy(text, RIGHT, strlen(RIGHT));
    expect_error(text, SIZE, "seasons.yaml:1:1: larger than 4 MiB; is this a schedule?");
    memset(text, '[', BRACKETS);
    expect_error(text, BRACKETS, "seasons.yaml:1:33: lists and mappings nested deeper than 32");
    memset(text + BRACKETS, ']', BRACKETS);
    expect_error(text, (size_t)2 * BRACKETS, "seasons.yaml:1:33: lists and mappings nested deeper than 32");
    for (size_t i = 0; i < BRACKETS; i++)
        memcpy(text + 2 * i, "- ", 2);
    expect_error(text, (size_t)2 * BRACKETS, "seasons.yaml:1:65: lists and mappings nested deeper than 32");
    for (int i = 0; i < 300; i++)
        length += (size_t)sprintf(text + length, "- &a%d b\n", i);
    expect_error(text, length, "seasons.yaml:257:3: more than 256 anchors");
    /* a list that contains itself */
    length = (size_t)sprintf(text, HEAD "segments: &a [*a]\n" TAIL);
    expect_error(text, length, "seasons.yaml:3:11: a segment must be a mapping (\"key: value\"), not a list");
    free(text);
}

static void test_keys(void **state)
{
    static const Case cases[] = {
        {HEAD "segmets:\n" SPRING TAIL, "seasons.yaml:3:1: unknown key \"segmets\"; did you mean \"segments\"?"},
        {RIGHT "Size: 512\n", "seasons.yaml:9:1: unknown key \"Size\"; did you mean \"size\"?"},
        {RIGHT "weather: wet\n", "seasons.yaml:9:1: unknown key \"weather\"; the keys of the schedule are " TOP_KEYS},
        {RIGHT "colour: red\n", "seasons.yaml:9:1: unknown key \"colour\"; did you mean \"color\"?"},
        {HEAD LIST SPRING "    styel: none\n" TAIL, "seasons.yaml:7:5: unknown key \"styel\"; did you mean \"style\"?"},
        {HEAD LIST SPRING "    crf: 3\n" TAIL, "seasons.yaml:7:5: unknown key \"crf\"; the keys of a segment are name, "
                                               "frames, time, share, style, weights, strength, model, method, levels, "
                                               "gatys, color, region, statistics, layers, transition"},
        {RIGHT "    softness: x\n", "seasons.yaml:9:5: unknown key \"softness\"; the keys of an output are path, codec, "
                                  "crf, bitrate, preset, pix_fmt, width, fps, speed, frames, loop, "
                                  "audio, layout, crop, text, bounce, quality, colours, dither, dither_strength, max_size, "
                                  "give_up"},
        {RIGHT "\"a\\nb\": 1\n", "seasons.yaml:9:1: unknown key \"a?b\"; the keys of the schedule are " TOP_KEYS},
        {RIGHT "a-very-long-key-of-more-than-sixty-characters-is-cut-short-in-its-error: 1\n",
         "seasons.yaml:9:1: unknown key \"a-very-long-key-of-more-than-sixty-characters-is-cut-short-i...\"; the keys "
         "of the schedule are " TOP_KEYS},
        {RIGHT "size: 512\nsize: 256\n", "seasons.yaml:10:1: \"size\" is given twice, first on line 9; keep one"},
        {HEAD LIST SPRING "    style: none\n" TAIL,
         "seasons.yaml:7:5: \"style\" is given twice, first on line 6; keep one"},
        {RIGHT "<<: {size: 512}\n",
         "seasons.yaml:9:1: unknown key \"<<\"; merging is not supported, write the keys out"},
        {RIGHT "? [a]\n: b\n", "seasons.yaml:9:3: a key must be a word, not a list"},
        {RIGHT "? {a: b}\n: b\n", "seasons.yaml:9:3: a key must be a word, not a mapping"},
        {RIGHT "~: b\n", "seasons.yaml:9:1: a key without a name; write \"key: value\""},
        {"input: clip.mp4\n" LIST SPRING TAIL,
         "seasons.yaml:1:1: the schedule has no \"version\"; write \"version: 1\""},
        {"version: 1\n" LIST SPRING TAIL,
         "seasons.yaml:1:1: the schedule has no \"input\"; name a video or a folder of numbered images"},
        {HEAD TAIL, "seasons.yaml:1:1: the schedule has no \"segments\"; list one or more"},
        {HEAD LIST SPRING, "seasons.yaml:1:1: the schedule has no \"outputs\"; list one or more"},
        /* a later version may have other keys, so the version comes first */
        {"version: 2\ninputs: a\n", "seasons.yaml:1:10: \"version\" must be 1, the one that this program reads, not "
                                    "\"2\""},
        {"version:\n", "seasons.yaml:1:9: \"version\" must be 1, the one that this program reads, not empty"},
    };
    (void)state;
    EXPECT_ERRORS(cases);
}

static void test_input_errors(void **state)
{
    static const Case cases[] = {
        {"version: 1\ninput: clap.mp4\n" LIST SPRING TAIL, "seasons.yaml:2:8: there is no input clap.mp4" ABOUT_PATHS},
        {"version: 1\ninput: /no/clip.mp4\n" LIST SPRING TAIL, "seasons.yaml:2:8: there is no input /no/clip.mp4"},
        {"version: 1\ninput: clip.mp4/a\n" LIST SPRING TAIL,
         "seasons.yaml:2:8: there is no input clip.mp4/a" ABOUT_PATHS},
        {"version: 1\ninput: film/%d.png\n" LIST SPRING TAIL, "seasons.yaml:2:8: there is no folder film" ABOUT_PATHS},
        {"version: 1\ninput: film%d/a.png\n" LIST SPRING TAIL,
         "seasons.yaml:2:8: there is no folder film%d" ABOUT_PATHS},
        {"version: 1\ninput: frames/%s.png\n" LIST SPRING TAIL,
         "seasons.yaml:2:8: there is no input frames/%s.png" ABOUT_PATHS},
        {"version: 1\ninput:\n" LIST SPRING TAIL, "seasons.yaml:2:7: \"input\" must be text, not empty"},
        {"version: 1\ninput: ''\n" LIST SPRING TAIL, "seasons.yaml:2:8: \"input\" is empty"},
        {"version: 1\ninput: \"a\\0b\"\n" LIST SPRING TAIL,
         "seasons.yaml:2:8: \"input\" holds a line break, a tab or another control character; write it on one line"},
        {HEAD "framerate: 30\n" LIST SPRING TAIL,
         "seasons.yaml:3:1: \"framerate\" is for numbered images, and the input is a single file; remove it"},
        {HEAD "gaps: error\n" LIST SPRING TAIL,
         "seasons.yaml:3:1: \"gaps\" is for numbered images, and the input is a single file; remove it"},
        {"version: 1\ninput: frames\nframerate: fast\n" LIST SPRING TAIL,
         "seasons.yaml:3:12: \"framerate\" must be frames a second, from 0.01 to 1000, such as 25 or 30000/1001, not "
         "\"fast\""},
        {"version: 1\ninput: frames\nframerate: [25]\n" LIST SPRING TAIL,
         "seasons.yaml:3:12: \"framerate\" must be frames a second, from 0.01 to 1000, such as 25 or 30000/1001, not "
         "a list"},
        {"version: 1\ninput: frames\nframerate: 0\n" LIST SPRING TAIL,
         "seasons.yaml:3:12: \"framerate\" must be frames a second, from 0.01 to 1000, such as 25 or 30000/1001, not "
         "\"0\""},
        {"version: 1\ninput: frames\ngaps: yes\n" LIST SPRING TAIL,
         "seasons.yaml:3:7: \"gaps\" must be skip or error, not \"yes\""},
        {RIGHT "size: 63\n", "seasons.yaml:9:7: \"size\" must be a whole number from 64 to 8192, not \"63\""},
        {RIGHT "size: 8193\n", "seasons.yaml:9:7: \"size\" must be a whole number from 64 to 8192, not \"8193\""},
        {RIGHT "size: 512px\n", "seasons.yaml:9:7: \"size\" must be a whole number from 64 to 8192, not \"512px\""},
        {RIGHT "size: 51.2\n", "seasons.yaml:9:7: \"size\" must be a whole number from 64 to 8192, not \"51.2\""},
        {RIGHT "size: {a: b}\n", "seasons.yaml:9:7: \"size\" must be a whole number from 64 to 8192, not a mapping"},
        {RIGHT "size: ~\n", "seasons.yaml:9:7: \"size\" must be a whole number from 64 to 8192, not empty"},
        {RIGHT "precision: double\n",
         "seasons.yaml:9:12: \"precision\" must be auto, float32 or bfloat16, not \"double\""},
        {RIGHT "precision: [auto]\n", "seasons.yaml:9:12: \"precision\" must be auto, float32 or bfloat16, not a list"},
        {RIGHT "memory: 63MiB\n", "seasons.yaml:9:9: \"memory\" must be 64MiB or more, such as 2GiB, not \"63MiB\""},
        {RIGHT "memory: lots\n", "seasons.yaml:9:9: \"memory\" must be 64MiB or more, such as 2GiB, not \"lots\""},
        {RIGHT "memory:\n", "seasons.yaml:9:8: \"memory\" must be 64MiB or more, such as 2GiB, not empty"},
        {RIGHT "model: [a]\n", "seasons.yaml:9:8: \"model\" must be text, not a list"},
        {RIGHT "transition: -1\n",
         "seasons.yaml:9:13: \"transition\" must be a whole number from 0 to 10000, not \"-1\""},
        {RIGHT "transition: 10001\n",
         "seasons.yaml:9:13: \"transition\" must be a whole number from 0 to 10000, not \"10001\""},
    };
    (void)state;
    EXPECT_ERRORS(cases);
}

static void test_segment_errors(void **state)
{
#define SEGMENT(lines) HEAD LIST "  - name: spring\n" lines TAIL
#define STYLE "    style: none\n"
    static const Case cases[] = {
        {HEAD "segments: []\n" TAIL, "seasons.yaml:3:11: \"segments\" is empty; give at least one"},
        {HEAD "segments: spring\n" TAIL,
         "seasons.yaml:3:11: \"segments\" must be a list (items that begin with \"- \"), not \"spring\""},
        {HEAD "segments: {name: spring}\n" TAIL,
         "seasons.yaml:3:11: \"segments\" must be a list (items that begin with \"- \"), not a mapping"},
        {HEAD "segments: [spring]\n" TAIL,
         "seasons.yaml:3:12: a segment must be a mapping (\"key: value\"), not \"spring\""},
        {SEGMENT(STYLE),
         "seasons.yaml:4:5: segment \"spring\" does not say when; give it \"frames\", \"time\" or \"share\""},
        {HEAD LIST SPRING "  - style: none\n" TAIL,
         "seasons.yaml:7:5: segment 2 does not say when; give it \"frames\", \"time\" or \"share\""},
        {SEGMENT("    frames: 0-9\n"), "seasons.yaml:4:5: segment \"spring\" has no \"style\"; name an image, or none"},
        {SEGMENT("    frames: 0-9\n    share: 5%\n" STYLE),
         "seasons.yaml:6:5: segment \"spring\" has both \"frames\" and \"share\"; keep one"},
        {SEGMENT("    time: 0s-1s\n    frames: 0-9\n" STYLE),
         "seasons.yaml:5:5: segment \"spring\" has both \"frames\" and \"time\"; keep one"},
        {SEGMENT("    frames: 9-0\n" STYLE),
         "seasons.yaml:5:13: segment \"spring\": frames 9-0 run backwards; write 0-9"},
        {SEGMENT("    frames: 0-\n" STYLE),
         "seasons.yaml:5:13: \"frames\" must be frame numbers such as 0-59, counted from 0, not \"0-\""},
        {SEGMENT("    frames: -5\n" STYLE),
         "seasons.yaml:5:13: \"frames\" must be frame numbers such as 0-59, counted from 0, not \"-5\""},
        {SEGMENT("    frames: [0, 9]\n" STYLE),
         "seasons.yaml:5:13: \"frames\" must be frame numbers such as 0-59, counted from 0, not a list"},
        {SEGMENT("    frames:\n" STYLE),
         "seasons.yaml:5:12: \"frames\" must be frame numbers such as 0-59, counted from 0, not empty"},
        {SEGMENT("    frames: 0-99999999999999999999\n" STYLE),
         "seasons.yaml:5:13: \"frames\" must be frame numbers such as 0-59, counted from 0, not "
         "\"0-99999999999999999999\""},
        {SEGMENT("    time: 0-2s\n" STYLE),
         "seasons.yaml:5:11: \"time\" must be a range of times such as 0s-2.5s or 0:10-1:02.5, not \"0-2s\""},
        {SEGMENT("    time: 2s\n" STYLE),
         "seasons.yaml:5:11: \"time\" must be a range of times such as 0s-2.5s or 0:10-1:02.5, not \"2s\""},
        {SEGMENT("    time: 0:00-0:60\n" STYLE),
         "seasons.yaml:5:11: \"time\" must be a range of times such as 0s-2.5s or 0:10-1:02.5, not \"0:00-0:60\""},
        {SEGMENT("    time: 2s-2s\n" STYLE),
         "seasons.yaml:5:11: segment \"spring\": time 2s-2s is empty; the end must be later than the start"},
        {SEGMENT("    time: 0:02-1s\n" STYLE),
         "seasons.yaml:5:11: segment \"spring\": time 0:02-1s runs backwards; the "
                                               "end must be later than the start"},
        {SEGMENT("    share: 25\n" STYLE),
         "seasons.yaml:5:12: \"share\" must be a percentage above 0% and up to 100%, such as 25%, not \"25\""},
        {SEGMENT("    share: 0%\n" STYLE),
         "seasons.yaml:5:12: \"share\" must be a percentage above 0% and up to 100%, such as 25%, not \"0%\""},
        {SEGMENT("    share: 100.1%\n" STYLE),
         "seasons.yaml:5:12: \"share\" must be a percentage above 0% and up to 100%, such as 25%, not \"100.1%\""},
        {HEAD "segments:\n- {share: 60%, style: none}\n- {share: 40%, style: none}\n"
         "- {name: x, share: 5%, style: none}\n" TAIL,
         "seasons.yaml:6:20: segment \"x\": the shares up to here come to 105%; together they may be 100%"},
        {HEAD "segments:\n- {share: 60%, style: none}\n- {frames: 1, style: none}\n" TAIL,
         "seasons.yaml:5:4: segment 2 has \"frames\", but segment 1 has \"share\"; shares cannot be mixed with frames "
         "or times"},
        {HEAD "segments:\n- {name: a, time: 0s-1s, style: none}\n- {name: b, share: 5%, style: none}\n" TAIL,
         "seasons.yaml:5:13: segment \"b\" has \"share\", but segment \"a\" has \"time\"; shares cannot be mixed with "
         "frames or times"},
        {SEGMENT("    frames: 1\n    style: styles/c.png\n"),
         "seasons.yaml:6:12: there is no style styles/c.png" ABOUT_PATHS},
        {SEGMENT("    frames: 1\n    style: /no/c.png\n"), "seasons.yaml:6:12: there is no style /no/c.png"},
        {SEGMENT("    frames: 1\n    style: styles\n"),
         "seasons.yaml:6:12: style styles is a folder; name an image file"},
        {SEGMENT("    frames: 1\n    style: /dev/null\n"),
         "seasons.yaml:6:12: style /dev/null is not a file; name an image file"},
        {SEGMENT("    frames: 1\n    style: ~\n"),
         "seasons.yaml:6:12: \"style\" is empty; name an image, or write none to leave the frames untouched"},
        {SEGMENT("    frames: 1\n    style: null\n"),
         "seasons.yaml:6:12: \"style\" is empty; name an image, or write none to leave the frames untouched"},
        {SEGMENT("    frames: 1\n    style: {a: styles/a.png}\n"),
         "seasons.yaml:6:12: \"style\" must be an image, or a list of images to blend, not a mapping"},
        {SEGMENT("    frames: 1\n    style: [styles/a.png, styles/z.png]\n"),
         "seasons.yaml:6:27: there is no style styles/z.png" ABOUT_PATHS},
        {SEGMENT("    frames: 1\n    style: [styles/a.png, [styles/b.png]]\n"),
         "seasons.yaml:6:27: \"style\" must be text, not a list"},
        {SEGMENT("    frames: 1\n    style: styles/a.png\n    weights: [1, 2]\n"),
         "seasons.yaml:7:14: 2 weights for 1 style; give one for each"},
        {SEGMENT("    frames: 1\n    style: [styles/a.png, styles/b.png]\n    weights: [1, -2]\n"),
         "seasons.yaml:7:18: \"weights\" must be a number from 0 to 1e+06, not \"-2\""},
        {SEGMENT("    frames: 1\n    style: [styles/a.png, styles/b.png]\n    weights: [0, 0]\n"),
         "seasons.yaml:7:14: all weights are 0; one of them must be more"},
        {SEGMENT("    frames: 1\n    style: styles/a.png\n    method: adian\n"),
         "seasons.yaml:7:13: there is no method \"adian\"; did you mean \"adain\"? There are adain, wct, transform, gatys"},
        {SEGMENT("    frames: 1\n    style: styles/a.png\n    levels: [1, 0.5, 1.5]\n"),
         "seasons.yaml:7:22: \"levels\" must be a number from 0 to 1, not \"1.5\""},
        {SEGMENT("    frames: 1\n    style: styles/a.png\n    color: red\n"),
         "seasons.yaml:7:12: \"color\" must be style, content or luminance, not \"red\""},
        {SEGMENT("    frames: 1\n    model: ./models/compact.safetensors\n    color: content\n"),
         "seasons.yaml:4:5: segment \"spring\": \"color: content\" moves the colours of a style image, and there is none; "
         "write \"color: luminance\""},
        {SEGMENT("    frames: 1\n" STYLE "    strength: 1.01\n"),
         "seasons.yaml:7:15: \"strength\" must be a number from 0 to 1, not \"1.01\""},
        {SEGMENT("    frames: 1\n" STYLE "    strength: -0.1\n"),
         "seasons.yaml:7:15: \"strength\" must be a number from 0 to 1, not \"-0.1\""},
        {SEGMENT("    frames: 1\n" STYLE "    strength: 0,5\n"),
         "seasons.yaml:7:15: \"strength\" must be a number from 0 to 1, not \"0,5\""},
        {HEAD "segments:\n- {name: a, frames: 0, style: none}\n- {name: b, frames: 1, style: none}\n"
         "- {name: a, frames: 2, style: none}\n" TAIL,
         "seasons.yaml:6:3: two segments are called \"a\", the first on line 4; give each a name of its own"},
        {HEAD "segments:\n- {name: segment 2, frames: 0, style: none}\n- {frames: 1, style: none}\n" TAIL,
         "seasons.yaml:5:3: two segments are called \"segment 2\", the first on line 4; give each a name of its own"},
        {HEAD "segments:\n- {name: \"a\\tb\", frames: 0, style: none}\n" TAIL,
         "seasons.yaml:4:10: \"name\" holds a line break, a tab or another control character; write it on one line"},
    };
    (void)state;
    EXPECT_ERRORS(cases);
}

static void test_output_errors(void **state)
{
    static const Case cases[] = {
        {HEAD LIST SPRING "outputs: []\n", "seasons.yaml:7:10: \"outputs\" is empty; give at least one"},
        {HEAD LIST SPRING "outputs:\n",
         "seasons.yaml:7:9: \"outputs\" must be a list (items that begin with \"- \"), not empty"},
        {HEAD LIST SPRING "outputs: [a.mp4]\n",
         "seasons.yaml:7:11: an output must be a mapping (\"key: value\"), not \"a.mp4\""},
        {HEAD LIST SPRING "outputs: [crf: 18]\n",
         "seasons.yaml:7:11: the output has no \"path\"; name a file such as out/film.mp4"},
        {RIGHT "    crf: 64\n", "seasons.yaml:9:10: \"crf\" must be a whole number from 0 to 63, not \"64\""},
        {RIGHT "    width: 15\n", "seasons.yaml:9:12: \"width\" must be a whole number from 16 to 32768, not \"15\""},
        {RIGHT "    preset: [a]\n", "seasons.yaml:9:13: \"preset\" must be text, not a list"},
        {RIGHT "    fps: often\n",
         "seasons.yaml:9:10: \"fps\" must be frames a second, such as 25, 12.5 or 30000/1001, not \"often\""},
        {RIGHT "    speed: fast\n",
         "seasons.yaml:9:12: \"speed\" must be 0.01x to 1000x, such as 4x or 0.5x, not \"fast\""},
        {RIGHT "    speed: 4\n", "seasons.yaml:9:12: \"speed\" must be 0.01x to 1000x, such as 4x or 0.5x, not \"4\""},
        {RIGHT "    frames: first\n",
         "seasons.yaml:9:13: \"frames\" must be frame numbers such as 0-59, counted from 0, not \"first\""},
        {RIGHT "    frames: 9-3\n", "seasons.yaml:9:13: frames 9-3 run backwards; write 3-9"},
        {RIGHT "    audio: no\n", "seasons.yaml:9:12: \"audio\" must be none, copy, aac or stretch, not \"no\""},
        {RIGHT "    loop: -1\n", "seasons.yaml:9:11: \"loop\" must be a whole number from 0 to 65535, not \"-1\""},
        {RIGHT "  - path: out/film.gif\n  - path: out/film.mp4\n",
         "seasons.yaml:10:11: two outputs have the path out/film.mp4, the first on line 8; give each its own"},
        {HEAD LIST SPRING "outputs: [path: ./clip.mp4]\n",
         "seasons.yaml:7:17: output ./clip.mp4 is the input itself; choose another name"},
        {"version: 1\ninput: frames\n" LIST SPRING "outputs: [path: frames/%05d.png]\n",
         "seasons.yaml:7:17: output frames/%05d.png is in the folder of the input; choose another folder"},
        {"version: 1\ninput: frames/%d.png\n" LIST SPRING "outputs: [path: ./frames/p%d.png]\n",
         "seasons.yaml:7:17: output ./frames/p%d.png is in the folder of the input; choose another folder"},
    };
    (void)state;
    EXPECT_ERRORS(cases);
}

/* What the writers and the models say of themselves is passed on with its place. */
static void expect_passed_on(const char *text, const char *place)
{
    char *error = sol_format("seasons.yaml:%s: %s", place, sol_error_text());
    assert_non_null(error);
    assert_string_not_equal(sol_error_text(), "");
    expect_error(text, strlen(text), error);
    free(error);
}

static void test_gatys_errors(void **state)
{
    static const Case cases[] = {
        {RIGHT "gatys: 300\n", "seasons.yaml:9:8: \"gatys\" must be a mapping (\"key: value\"), not \"300\""},
        {RIGHT "gatys: {iteration: 300}\n",
         "seasons.yaml:9:9: unknown key \"iteration\"; did you mean \"iterations\"?"},
        {RIGHT "gatys: {iterations: 0}\n",
         "seasons.yaml:9:21: \"iterations\" must be a whole number from 1 to 1000000, not \"0\""},
        {RIGHT "gatys: {temporal_weight: -1}\n",
         "seasons.yaml:9:26: \"temporal_weight\" must be a number from 0 to 1e+12, not \"-1\""},
        {RIGHT "gatys: {optimizer: sgd}\n", "seasons.yaml:9:20: \"optimizer\" must be lbfgs or adam, not \"sgd\""},
        {RIGHT "gatys: {init: [noise]}\n",
         "seasons.yaml:9:15: \"init\" must be content, style, noise or previous, not a list"},
    };
    (void)state;
    EXPECT_ERRORS(cases);
}

static void test_passed_on(void **state)
{
    char kind[] = "film.txt", gif[] = "film.gif", film[] = "film.mp4", word[] = "quick";
    char *found = NULL;
    (void)state;
    assert_int_not_equal(sol_writer_check(&(SolOutputSettings){.path = kind, .crf = -1}), SOL_OK);
    expect_passed_on(HEAD LIST SPRING "outputs:\n  - path: film.txt\n", "8:11");
    assert_int_not_equal(sol_writer_check(&(SolOutputSettings){.path = gif, .crf = 18}), SOL_OK);
    expect_passed_on(HEAD LIST SPRING "outputs:\n  - path: film.gif\n    crf: 18\n", "9:5");
    assert_int_not_equal(sol_writer_check(&(SolOutputSettings){.path = film, .crf = -1, .preset = word}), SOL_OK);
    expect_passed_on(HEAD LIST SPRING "outputs:\n  - {preset: quick, path: film.mp4}\n", "8:6");
    assert_int_not_equal(sol_writer_check(&(SolOutputSettings){.path = gif, .crf = -1, .fps = {60, 1}}), SOL_OK);
    expect_passed_on(HEAD LIST SPRING "outputs:\n  - {path: film.gif, fps: 60}\n", "8:22");
    assert_int_equal(sol_model_find(&found, "compat", "", model_folders), SOL_ERR_IO);
    expect_passed_on(RIGHT "model: compat\n", "9:8");
    assert_int_equal(sol_model_find(&found, "no/such.safetensors", "", model_folders), SOL_ERR_IO);
    expect_passed_on(RIGHT "model: no/such.safetensors\n", "9:8");
    assert_null(found);
}

static void test_default_model_missing(void **state)
{
    static const char *const nowhere[] = {"styles", NULL};
    const SolScheduleOptions options = {.model_folders = nowhere};
    SolSchedule *schedule = NULL;
    char *found = NULL, *error;
    (void)state;
    write_text("seasons.yaml", "\n" RIGHT);
    assert_int_equal(sol_model_find(&found, "compact", "", nowhere), SOL_ERR_IO);
    error = sol_format("seasons.yaml:2:1: %s", sol_error_text());
    assert_int_equal(sol_schedule_load(&schedule, "seasons.yaml", &options), SOL_ERR_SCHEDULE);
    assert_string_equal(sol_error_text(), error);
    assert_null(schedule);
    free(error);
}

static void test_unreadable(void **state)
{
    SolSchedule *schedule = NULL;
    (void)state;
    assert_int_equal(sol_schedule_load(&schedule, "none.yaml", &schedule_options), SOL_ERR_IO);
    assert_string_equal(sol_error_text(), "none.yaml: cannot be read: No such file or directory");
    assert_int_equal(sol_schedule_load(&schedule, "styles", &schedule_options), SOL_ERR_IO);
    assert_string_equal(sol_error_text(), "styles: cannot be read: Is a directory");
    assert_null(schedule);
    if (geteuid() == 0) {
        print_message("run by root, whom permissions do not bind: unreadable styles are not tried\n");
        skip();
    }
    write_text("styles/secret.png", "");
    assert_int_equal(chmod("styles/secret.png", 0), 0);
    expect_error(HEAD LIST "- {frames: 0, style: styles/secret.png}\n" TAIL,
                 strlen(HEAD LIST "- {frames: 0, style: styles/secret.png}\n" TAIL),
                 "seasons.yaml:4:22: style styles/secret.png cannot be read: Permission denied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_input_errors),
        cmocka_unit_test(test_segment_errors),
        cmocka_unit_test(test_output_errors),
        cmocka_unit_test(test_gatys_errors),
        cmocka_unit_test(test_passed_on),
        cmocka_unit_test(test_default_model_missing),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests_name("schedule/schedule_errors", tests, enter_folder, leave_folder);
}
