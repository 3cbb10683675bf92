/* SPDX-License-Identifier: Apache-2.0
 *
 * Damaged and cut files: what is left is read to its end, and what is lost is told, with its place and its extent.
 */
#include "support/clips.h"
#include "support/support.h"

#include "media/losses.h"

#include <stdlib.h>
#include <string.h>

/* All warnings, one behind the other. */
static char told[4096];

static void keep_all(void *user, SolLogLevel level, const char *text)
{
    (void)user;
    if (level == SOL_LOG_WARNING)
        snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", text);
}

/* Reads a clip; returns how many frames there were, the warnings being in `told`. */
static int read_all(const char *name)
{
    SolVideo *video = open_video(name, &(SolVideoOptions){.threads = 2, .log = &(SolLog){keep_all, NULL}});
    SolImage *image;
    int count = 0;
    told[0] = '\0';
    while ((image = read_image(video))) {
        count++;
        sol_image_unref(&image);
    }
    sol_video_close(&video);
    return count;
}

/* Makes of a whole file one that ends at, or has noise from, a part of its length. */
static void spoil(const char *name, const char *spoiled, double from, double to)
{
    size_t size, first, last;
    uint8_t *bytes = read_bytes(in_folder(name), &size);
    uint32_t random = 3;
    first = (size_t)(from * (double)size);
    last = (size_t)(to * (double)size);
    for (size_t i = first; i < last; i++) {
        random = random * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(random >> 24);
    }
    write_bytes(in_folder(spoiled), bytes, last > first ? size : first);
    free(bytes);
}

#define CLIP "-c:v libx264 -g 10 -bf 2 -qp 20 -pix_fmt yuv420p "

static void says_nothing_of_whole_clips(void **state)
{
    static const char *const names[] = {"whole.mp4", "whole.mkv", "whole.avi", "whole.flv", "whole.ts", "edit.mp4"};
    (void)state;
    need_encoder("libx264");
    numbered_clip(60, CLIP "whole.mp4");
    ffmpeg("-i whole.mp4 -c copy whole.mkv");
    ffmpeg("-i whole.mp4 -c copy whole.avi");
    ffmpeg("-i whole.mp4 -c copy whole.flv");
    ffmpeg("-i whole.mp4 -c copy whole.ts");
    ffmpeg("-ss 0.55 -i whole.mp4 -c copy edit.mp4");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(read_all(names[i]), i < 5 ? 60 : 43);
        assert_string_equal(told, "");
    }
    /* a GIF may hold a picture as long as it likes */
    numbered_clip(30, "-vf 'setpts=N/20/TB+gte(N\\,25)*3/TB' -fps_mode passthrough pause.gif");
    assert_int_equal(read_all("pause.gif"), 30);
    assert_string_equal(told, "");
}

static void tells_the_end(void **state)
{
    static const char *const names[] = {"fast.mp4", "whole.mkv", "whole.flv"};
    (void)state;
    need_encoder("libx264");
    numbered_clip(60, CLIP "-movflags +faststart fast.mp4");
    ffmpeg("-i fast.mp4 -c copy whole.mkv");
    ffmpeg("-i fast.mp4 -c copy whole.flv");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char line[128];
        int frames;
        spoil(names[i], "cut", 0.6, 0.6);
        frames = read_all("cut");
        assert_in_range(frames, 25, 40);
        snprintf(line, sizeof line, "cut: ends after %d frames, at %d.", frames, frames / 30);
        assert_contains(told, line);
        assert_contains(told, " of 2.000 s; the rest is missing\n");
    }
}

/* Matroska without the head of one of its clusters: the demuxer looks for the next one, and says nothing. */
static void tells_holes(void **state)
{
    static const uint8_t head[] = {0x1f, 0x43, 0xb6, 0x75};
    SolVideo *video;
    SolVideoIndex index;
    uint8_t *bytes;
    size_t size;
    int frames, clusters = 0;
    (void)state;
    need_encoder("libx264");
    numbered_clip(90, CLIP "-cluster_time_limit 400 hole.mkv");
    bytes = read_bytes(in_folder("hole.mkv"), &size);
    for (size_t i = 0; i + 40 < size; i++)
        if (memcmp(bytes + i, head, sizeof head) == 0 && ++clusters == 4)
            memset(bytes + i, 0xff, 40);
    assert_true(clusters > 4);
    write_bytes(in_folder("hole.mkv"), bytes, size);
    free(bytes);
    frames = read_all("hole.mkv");
    assert_in_range(frames, 60, 87);
    assert_contains(told, "hole.mkv: about ");
    assert_contains(told, " frames are missing before frame ");
    assert_null(strstr(told, "the rest is missing"));
    /* what the clip has become is what the index says of it */
    video = open_video("hole.mkv", NULL);
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    assert_int_equal(index.frames, frames);
    sol_video_index_clear(&index);
    sol_video_close(&video);
}

/* Where a hole is, to the frame. */
static void counts_what_is_missing(void **state)
{
    (void)state;
    numbered_clip(60, "-vf 'select=not(between(n\\,30\\,41))' -fps_mode passthrough -c:v ffv1 pause.mkv");
    assert_int_equal(read_all("pause.mkv"), 48);
    assert_contains(told, "pause.mkv: about 12 frames are missing before frame 30 (1.000 to 1.400 s)\n");
}

static void says_why_an_mp4_cannot_be_read(void **state)
{
    static const char *const names[] = {"late.mp4", "late.mov", "fast.mp4"};
    const uint8_t endless[] = {0, 0, 0, 0, 'm', 'd', 'a', 't', 1, 2, 3};
    const uint8_t long_box[] = {0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 8, 'm', 'o', 'o', 'v'};
    const uint8_t short_box[] = {0, 0, 0, 4, 'm', 'd', 'a', 't'};
    SolVideo *video = NULL;
    (void)state;
    numbered_clip(10, "-c:v mpeg4 -q:v 2 late.mp4");
    numbered_clip(10, "-c:v mpeg4 -q:v 2 late.mov");
    numbered_clip(10, "-c:v mpeg4 -q:v 2 -movflags +faststart fast.mp4");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_false(sol_mp4_is_cut(in_folder(names[i])));
        spoil(names[i], "cut.mp4", i < 2 ? 0.7 : 0.01, 0);
        assert_int_equal(sol_video_open(&video, in_folder("cut.mp4"), NULL), SOL_ERR_FORMAT);
        assert_string_equal(error_in_folder(),
                            "cut.mp4: is cut off: its index (\"moov\"), without which no picture can be found, is not "
                            "there as a whole; copy or record it anew, or rebuild it with a tool such as untrunc");
    }
    write_bytes(in_folder("box"), endless, sizeof endless);
    assert_true(sol_mp4_is_cut(in_folder("box")));
    write_bytes(in_folder("box"), short_box, sizeof short_box);
    assert_false(sol_mp4_is_cut(in_folder("box")));
    write_bytes(in_folder("box"), long_box, sizeof long_box);
    assert_false(sol_mp4_is_cut(in_folder("box")));
    write_bytes(in_folder("box"), long_box, sizeof long_box - 8);
    assert_true(sol_mp4_is_cut(in_folder("box")));
    assert_false(sol_mp4_is_cut(in_folder("nothing")));
    write_text(in_folder("box"), "A text, and no film at all.\n");
    assert_false(sol_mp4_is_cut(in_folder("box")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_nothing_of_whole_clips),
        cmocka_unit_test(tells_the_end),
        cmocka_unit_test(tells_holes),
        cmocka_unit_test(counts_what_is_missing),
        cmocka_unit_test(says_why_an_mp4_cannot_be_read),
    };
    return cmocka_run_group_tests_name("media/losses", tests, set_up_folder, tear_down_folder);
}
