/* SPDX-License-Identifier: Apache-2.0
 *
 * WebP and APNG: times, loops and pictures, by what their files hold and by the ffmpeg program where it reads them.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/support.h"
#include "support/writing.h"

#include "media/animation.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

/* What a file says of its frames. */
typedef struct Told {
    int frames, loop;
    double delays[MOST], total; /* seconds */
} Told;

static unsigned number(const uint8_t *bytes, int count, bool big)
{
    unsigned value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[big ? i : count - 1 - i];
    return value;
}

static void tell(Told *told, double delay)
{
    assert_true(told->frames < MOST);
    told->delays[told->frames++] = delay;
    told->total += delay;
}

static void read_webp(const uint8_t *bytes, size_t size, Told *told)
{
    assert_memory_equal(bytes, "RIFF", 4);
    assert_int_equal(number(bytes + 4, 4, false) + 8, size);
    for (size_t at = 12; at < size; at += 8 + ((size_t)number(bytes + at + 4, 4, false) + 1) / 2 * 2) {
        if (memcmp(bytes + at, "ANIM", 4) == 0)
            told->loop = (int)number(bytes + at + 12, 2, false);
        if (memcmp(bytes + at, "ANMF", 4) == 0)
            tell(told, number(bytes + at + 20, 3, false) / 1000.0);
    }
}

static void read_apng(const uint8_t *bytes, size_t size, Told *told)
{
    for (size_t at = 8; at < size; at += 12 + (size_t)number(bytes + at, 4, true)) {
        if (memcmp(bytes + at + 4, "acTL", 4) == 0)
            told->loop = (int)number(bytes + at + 12, 4, true);
        if (memcmp(bytes + at + 4, "fcTL", 4) == 0)
            tell(told, (double)number(bytes + at + 28, 2, true) / number(bytes + at + 30, 2, true));
    }
}

static Told read_file(const char *path)
{
    Told told = {.loop = -1};
    size_t size;
    uint8_t *bytes = read_bytes(path, &size);
    if (strstr(path, ".webp"))
        read_webp(bytes, size, &told);
    else
        read_apng(bytes, size, &told);
    free(bytes);
    return told;
}

static const char *const names[] = {"a.webp", "a.apng"};

static bool can_make(const char *name)
{
    if (sol_animation_check(name) == 0)
        return true;
    print_message("%s\n", sol_error_text());
    return false;
}

static void write_one(SolOutputSettings *settings, const char *name, const Clip *clip, SolWriterReport *report)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    settings->path = path;
    if (write_clip(settings, clip, true, report) != 0)
        fail_msg("%s: %s", name, sol_error_text());
}

static void test_times_and_loops(void **state)
{
    static const int64_t pts[] = {0, 25, 400, 433, 466, 3000};
    static const double starts[] = {0, 0.025, 0.4, 0.433, 0.466};
    (void)state;
    for (int i = 0; i < 2; i++)
        for (int loop = 0; loop < 4; loop += 3) {
            SolOutputSettings settings = {.crf = -1, .loop = loop};
            Clip clip = {64, 48, 5, {1, 1000}, {0, 1}, 0, 0, pts, draw_number};
            SolWriterReport report;
            double at = 0;
            Told told;
            if (!can_make(names[i]))
                continue;
            write_one(&settings, names[i], &clip, &report);
            told = read_file(in_folder(names[i]));
            assert_int_equal(told.frames, 5);
            assert_int_equal(told.loop, loop);
            for (int n = 0; n < 5; at += told.delays[n++])
                assert_true(at > starts[n] - 0.0005 && at < starts[n] + 0.0005);
            assert_true(told.total > 2.9995 && told.total < 3.0005);
            assert_int_equal(report.frames, 5);
            assert_float_equal((float)report.seconds, 3.0f, 1e-6f);
        }
}

/* What is shown longer than a file's numbers can say of the last picture, or not at all, does no harm. */
static void test_still_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        SolOutputSettings settings = {.crf = -1};
        Clip one = {33, 17, 1, {1, 10}, {10, 1}, 0, 1, NULL, draw_number};
        if (can_make(names[i]))
            write_one(&settings, names[i], &one, NULL);
    }
}

static void test_bounce(void **state)
{
    static const int order[] = {0, 1, 2, 3, 2, 1};
    SolOutputSettings settings = {.crf = -1, .bounce = true};
    Clip clip = {64, 48, 4, {1, 10}, {10, 1}, 0, 1, NULL, draw_number};
    uint8_t *frames;
    Told told;
    int count = 0;
    (void)state;
    if (!can_make("a.apng"))
        skip();
    write_one(&settings, "a.apng", &clip, NULL);
    told = read_file(in_folder("a.apng"));
    assert_int_equal(told.frames, 6);
    assert_true(told.total > 0.5995 && told.total < 0.6005);
    frames = decode(in_folder("a.apng"), 64, 48, &count);
    assert_int_equal(count, 6);
    for (int n = 0; n < 6; n++)
        assert_int_equal(read_number(frames + n * 3 * 64 * 48, 3 * 64, 64, 48), order[n]);
    free(frames);
}

static void test_apng_is_lossless(void **state)
{
    SolOutputSettings settings = {.crf = -1};
    Clip clip = {33, 17, 6, {1, 10}, {10, 1}, 0, 1, NULL, draw_scene};
    SolImage *image = new_picture(33, 17);
    uint8_t *frames;
    int count = 0;
    (void)state;
    if (!can_make("a.apng"))
        skip();
    write_one(&settings, "a.apng", &clip, NULL);
    frames = decode(in_folder("a.apng"), 33, 17, &count);
    assert_int_equal(count, 6);
    for (int n = 0; n < 6; n++) {
        draw_scene(image, n);
        for (int y = 0; y < 17; y++)
            assert_memory_equal(sol_image_row(image, y), frames + (n * 17 + y) * 3 * 33, 3 * 33);
    }
    sol_image_unref(&image);
    free(frames);
}

static void test_quality(void **state)
{
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = -1, .quality = 50};
    Clip clip = {160, 90, 4, {1, 10}, {10, 1}, 0, 1, NULL, draw_scene};
    SolWriterReport coarse, fine;
    (void)state;
    snprintf(path, sizeof path, "%s/a.apng", folder);
    assert_int_equal(sol_writer_check(&settings), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "\"quality\" does not apply to a .apng, which is lossless");
    if (!can_make("a.webp"))
        skip();
    settings.quality = 20;
    write_one(&settings, "a.webp", &clip, &coarse);
    settings.quality = 95;
    write_one(&settings, "a.webp", &clip, &fine);
    assert_true(coarse.bytes * 2 < fine.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_and_loops),
        cmocka_unit_test(test_still_ends),
        cmocka_unit_test(test_bounce),
        cmocka_unit_test(test_apng_is_lossless),
        cmocka_unit_test(test_quality),
    };
    return cmocka_run_group_tests_name("media/animation", tests, set_up_folder, tear_down_folder);
}
