/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbered images: which files are taken, in which order, what is refused in which words, and that
 * reading delivers picture n as frame n.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/support.h"

#include "image/image.h"
#include "media/sequence.h"

#include <unistd.h>

/* A fresh folder with empty files of the given names (NULL-terminated). */
static const char *folder_of(const char *const names[])
{
    static char name[64];
    static int count;
    snprintf(name, sizeof name, "folder%d", count++);
    make_folder(in_folder(name));
    for (; *names; names++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", name, *names);
        write_text(in_folder(path), "x");
    }
    return name;
}

#define FOLDER(...) folder_of((const char *const[]){__VA_ARGS__, NULL})

static void assert_order(const char *path, bool skip_gaps, const char *const names[])
{
    SolSequence sequence;
    size_t i = 0;
    if (sol_sequence_find(&sequence, in_folder(path), skip_gaps) != SOL_OK)
        fail_msg("%s", sol_error_text());
    for (; names[i] && i < sequence.count; i++)
        assert_string_equal(sequence.images[i].name, names[i]);
    assert_null(names[i]);
    assert_int_equal(i, sequence.count);
    sol_sequence_clear(&sequence);
}

#define ORDER(path, skip_gaps, ...) assert_order(path, skip_gaps, (const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(const char *path, int code, const char *text)
{
    SolSequence sequence = {0};
    char expected[1024];
    assert_int_equal(sol_sequence_find(&sequence, in_folder(path), false), code);
    assert_null(sequence.images);
    /* the path stands in front, as it was given */
    snprintf(expected, sizeof expected, text, in_folder(path));
    assert_string_equal(sol_error_text(), expected);
}

static void orders_by_number(void **state)
{
    (void)state;
    ORDER(FOLDER("10.png", "9.png", "8.png", "11.png"), false, "8.png", "9.png", "10.png", "11.png");
    ORDER(FOLDER("199.png", "200.png", "2.png"), true, "2.png", "199.png", "200.png");
    ORDER(FOLDER("frame_10.jpg", "frame_9.jpg"), false, "frame_9.jpg", "frame_10.jpg");
    ORDER(FOLDER("0002.png", "0001.png", "0003.png"), false, "0001.png", "0002.png", "0003.png");
    ORDER(FOLDER("002.png", "1.png", "03.png"), false, "1.png", "002.png", "03.png");
    ORDER(FOLDER("9999.png", "10000.png", "9998.png"), false, "9998.png", "9999.png", "10000.png");
    ORDER(FOLDER("0.png", "1.png"), false, "0.png", "1.png");
    ORDER(FOLDER("7.png"), false, "7.png");
    ORDER(FOLDER("1.JPG", "2.jpg"), false, "1.JPG", "2.jpg");
    ORDER(FOLDER("take2_shot8.png", "take2_shot9.png"), false, "take2_shot8.png", "take2_shot9.png");
    ORDER(FOLDER("a.1.b.png", "a.2.b.png"), false, "a.1.b.png", "a.2.b.png");
    ORDER(FOLDER("1700000000000000001.png", "1700000000000000000.png"), false, "1700000000000000000.png",
          "1700000000000000001.png");
}

static void ignores_other_files(void **state)
{
    (void)state;
    ORDER(FOLDER("2.png", "1.png", ".DS_Store", "Thumbs.db", "notes.txt", "3", ".4.png", "README", "5.png~"), false,
          "1.png", "2.png");
}

static void follows_patterns(void **state)
{
    char path[256];
    const char *name =
        FOLDER("a_1.png", "a_02.png", "a_10.png", "b_1.png", "a_x.png", "a_.png", "a_3.jpg", "a_4.png.bak", "xa_5.png");
    (void)state;
    snprintf(path, sizeof path, "%s/a_%%d.png", name);
    ORDER(path, true, "a_1.png", "a_02.png", "a_10.png");
    snprintf(path, sizeof path, "%s/a_%%05d.png", name);
    ORDER(path, true, "a_1.png", "a_02.png", "a_10.png");
    name = FOLDER("50%_2.png", "50%_1.png", "shot21.png", "shot22.png");
    snprintf(path, sizeof path, "%s/50%%%%_%%d.png", name);
    ORDER(path, false, "50%_1.png", "50%_2.png");
    snprintf(path, sizeof path, "%s/shot2%%d.png", name);
    ORDER(path, false, "shot21.png", "shot22.png");
}

static void refuses_gaps(void **state)
{
    (void)state;
    assert_refused(FOLDER("5.png", "6.png", "8.png", "9.png", "11.png"), SOL_ERR_FORMAT,
                   "%s: image 7 is missing between 6.png and 8.png; add it, or give \"gaps: skip\"");
    assert_refused(FOLDER("f008.png", "f012.png"), SOL_ERR_FORMAT,
                   "%s: images 9 to 11 are missing between f008.png and f012.png; add them, or give \"gaps: skip\"");
    ORDER(FOLDER("5.png", "6.png", "8.png", "20.png"), true, "5.png", "6.png", "8.png", "20.png");
}

static void refuses_doubts(void **state)
{
    (void)state;
    assert_refused(FOLDER("1.png", "2.png", "01.png"), SOL_ERR_FORMAT,
                   "%s: 01.png and 1.png are both image 1; keep one of them");
    assert_refused(FOLDER("a_1.png", "b_2.png"), SOL_ERR_FORMAT,
                   "%s: holds images of different names, a_1.png and b_2.png; keep one kind, or give a pattern such as "
                   "\"frames/%%d.png\"");
    assert_refused(FOLDER("1.png", "2.jpg"), SOL_ERR_FORMAT,
                   "%s: holds images of different names, 1.png and 2.jpg; keep one kind, or give a pattern such as "
                   "\"frames/%%d.png\"");
    assert_refused(FOLDER("1.png", "cover.png"), SOL_ERR_FORMAT,
                   "%s: holds images of different names, cover.png and 1.png; keep one kind, or give a pattern such as "
                   "\"frames/%%d.png\"");
    assert_refused(FOLDER("99999999999999999999.png"), SOL_ERR_FORMAT,
                   "%s: the number in 99999999999999999999.png is too large; at most 9223372036854775807 is "
                   "understood");
}

static void refuses_nothing(void **state)
{
    SolSequence sequence = {0};
    (void)state;
    assert_refused(FOLDER("notes.txt", ".DS_Store"), SOL_ERR_FORMAT, "%s: has no numbered images");
    assert_refused(FOLDER("cover.png"), SOL_ERR_FORMAT, "%s: has no numbered images; cover.png has no number");
    assert_int_equal(sol_sequence_find(&sequence, in_folder("none/%d.png"), false), SOL_ERR_IO);
    assert_string_equal(error_in_folder(), "none: cannot be opened: No such file or directory");
    make_folder(in_folder("empty"));
    assert_int_equal(sol_sequence_find(&sequence, in_folder("empty/%04d.png"), false), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "empty/%04d.png: no image has such a name");
    assert_int_equal(sol_sequence_find(&sequence, in_folder("empty/%d_%d.png"), false), SOL_ERR_ARGUMENT);
    assert_string_equal(error_in_folder(), "empty/%d_%d.png: has two numbers; give one %d");
    assert_int_equal(sol_sequence_find(&sequence, in_folder("take%d/a.png"), false), SOL_ERR_ARGUMENT);
    assert_string_equal(error_in_folder(), "take%d/a.png: the number belongs into the file's name, not the folder's");
}

static void takes_folders_and_patterns(void **state)
{
    (void)state;
    make_folder(in_folder("taken"));
    write_text(in_folder("literal%d.png"), "x");
    assert_true(sol_sequence_takes(in_folder("taken")));
    assert_true(sol_sequence_takes(in_folder("taken/%d.png")));
    assert_true(sol_sequence_takes(in_folder("taken/%05d.png")));
    assert_false(sol_sequence_takes(in_folder("taken/1.png")));
    assert_false(sol_sequence_takes(in_folder("taken/100%.png")));
    assert_false(sol_sequence_takes(in_folder("taken/100%%d.png")));
    assert_false(sol_sequence_takes(in_folder("literal%d.png")));
}

static void finds_many(void **state)
{
    SolSequence sequence;
    (void)state;
    make_folder(in_folder("many"));
    for (int i = 0; i < 2500; i++) {
        char name[64];
        snprintf(name, sizeof name, "many/%d.png", (i * 7919) % 2500 + 8000);
        write_text(in_folder(name), "x");
    }
    assert_int_equal(sol_sequence_find(&sequence, in_folder("many"), false), SOL_OK);
    assert_int_equal(sequence.count, 2500);
    for (size_t i = 0; i < sequence.count; i++)
        assert_int_equal(sequence.images[i].number, i + 8000);
    sol_sequence_clear(&sequence);
}

/* ---- reading ---- */

/* Reads the next picture and checks its place and the number that it carries. */
static void read_numbered(SolVideo *video, int64_t place, int number)
{
    SolImage *image = read_image(video);
    assert_non_null(image);
    assert_int_equal(image->number, place);
    assert_int_equal(image->pts, place);
    assert_int_equal(image->duration, 1);
    assert_int_equal(number_in(image), number);
    sol_image_unref(&image);
}

static void reads_in_order(void **state)
{
    SolVideo *video;
    SolVideoInfo info;
    SolVideoIndex index;
    (void)state;
    make_folder(in_folder("frames"));
    numbered_clip(12, "-start_number 95 frames/%d.png");
    video = open_video("frames", NULL);
    sol_video_info(video, &info);
    assert_string_equal(info.format, "images");
    assert_string_equal(info.codec, "png");
    assert_string_equal(info.pixel_format, "rgb24");
    assert_int_equal(info.width, CLIP_WIDTH);
    assert_int_equal(info.out_height, CLIP_HEIGHT);
    assert_int_equal(info.frame_rate.num, 30);
    assert_int_equal(info.time_base.num, 1);
    assert_int_equal(info.time_base.den, 30);
    assert_false(info.sound);
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    assert_int_equal(index.frames, 12);
    assert_int_equal(index.end, 12);
    assert_int_equal(index.pts[11], 11);
    assert_int_equal(index.time_base.den, 30);
    sol_video_index_clear(&index);
    assert_null(index.pts);
    for (int n = 0; n < 12; n++)
        read_numbered(video, n, n);
    assert_end(video);
    sol_video_close(&video);
    assert_null(video);

    video = open_video("frames/%04d.png", &(SolVideoOptions){.framerate = {24000, 1001}, .short_side = 96});
    sol_video_info(video, &info);
    assert_int_equal(info.out_width, 128);
    assert_int_equal(info.time_base.num, 1001);
    assert_int_equal(info.time_base.den, 24000);
    assert_int_equal(sol_video_skip_to(video, 5), SOL_OK);
    read_numbered(video, 5, 5);
    assert_int_equal(sol_video_skip_to(video, 5), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_video_skip_to(video, 11), SOL_OK);
    read_numbered(video, 11, 11);
    assert_int_equal(sol_video_skip_to(video, 99), SOL_OK);
    assert_end(video);
    sol_video_close(&video);
}

static void skips_gaps(void **state)
{
    SolVideo *video;
    (void)state;
    make_folder(in_folder("gaps"));
    numbered_clip(6, "-start_number 0 gaps/%d.png");
    unlink(in_folder("gaps/2.png"));
    video = open_video("gaps", &(SolVideoOptions){.skip_gaps = true});
    for (int n = 0; n < 5; n++)
        read_numbered(video, n, n < 2 ? n : n + 1);
    assert_end(video);
    sol_video_close(&video);
}

static void names_the_file_that_fails(void **state)
{
    SolVideo *video;
    SolImage *image = NULL;
    (void)state;
    make_folder(in_folder("bad"));
    numbered_clip(4, "-start_number 1 bad/%d.png");
    write_text(in_folder("bad/3.png"), "not an image");
    video = open_video("bad", NULL);
    read_numbered(video, 0, 0);
    read_numbered(video, 1, 1);
    assert_int_equal(sol_video_read(video, &image), SOL_ERR_FORMAT);
    assert_null(image);
    assert_string_equal(error_in_folder(), "bad/3.png: is damaged; no picture in it could be decoded");
    sol_video_close(&video);

    write_text(in_folder("bad/1.png"), "not an image");
    assert_int_equal(sol_video_open(&video, in_folder("bad"), NULL), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "bad/1.png: is damaged; no picture in it could be decoded");
}

static void scales_to_the_first(void **state)
{
    SolVideo *video;
    SolImage *image;
    Lines lines = {0};
    SolLog log = {keep_line, &lines};
    (void)state;
    make_folder(in_folder("sizes"));
    numbered_clip(4, "-start_number 1 sizes/%d.png");
    numbered_clip(2, "-vf scale=160:120 -start_number 2 sizes/%d.png");
    video = open_video("sizes", &(SolVideoOptions){.log = &log});
    for (int n = 0; n < 4; n++) {
        assert_int_equal(sol_video_read(video, &image), SOL_OK);
        assert_int_equal(sol_image_width(image), CLIP_WIDTH);
        assert_int_equal(sol_image_height(image), CLIP_HEIGHT);
        assert_int_equal(number_in(image), n == 1 || n == 2 ? n - 1 : n);
        sol_image_unref(&image);
    }
    assert_int_equal(lines.count, 1);
    assert_contains(lines.first, "sizes/2.png: has another shape than the first image; scaled to 64x48");
    sol_video_close(&video);
}

static void refuses_options(void **state)
{
    SolVideo *video = NULL;
    (void)state;
    assert_int_equal(sol_video_open(&video, in_folder("frames"), &(SolVideoOptions){.framerate = {0, 1}}),
                     SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "a frame rate of 0/1; give one above 0");
    assert_int_equal(sol_video_open(&video, in_folder("frames"), &(SolVideoOptions){.short_side = -1}),
                     SOL_ERR_ARGUMENT);
    assert_int_equal(sol_video_open(&video, in_folder("frames"), &(SolVideoOptions){.threads = -1}), SOL_ERR_ARGUMENT);
    assert_null(video);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_by_number),
        cmocka_unit_test(ignores_other_files),
        cmocka_unit_test(follows_patterns),
        cmocka_unit_test(refuses_gaps),
        cmocka_unit_test(refuses_doubts),
        cmocka_unit_test(refuses_nothing),
        cmocka_unit_test(takes_folders_and_patterns),
        cmocka_unit_test(finds_many),
        cmocka_unit_test(reads_in_order),
        cmocka_unit_test(skips_gaps),
        cmocka_unit_test(names_the_file_that_fails),
        cmocka_unit_test(scales_to_the_first),
        cmocka_unit_test(refuses_options),
    };
    return cmocka_run_group_tests_name("media/sequence", tests, set_up_folder, tear_down_folder);
}
