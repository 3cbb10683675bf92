/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes along with a film's pictures: sound, subtitles, chapters and tags, as other programs find them in
 * what was written. Clips flash and beep at every full second.
 */
#include "support/clips.h"
#include "support/support.h"

#include "base/text.h"
#include "image/image.h"
#include "media/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RATE = 48000, MOST_BEEPS = 1000 };

#define BEEPS "-f lavfi -i \"aevalsrc='if(lt(mod(t,1),0.04),0.5*sin(2*PI*1000*t),0)':s=48000:c=stereo:d=%g\" "
#define FLASHES "-f lavfi -i \"color=black:s=32x32:r=%s:d=%g," \
                "drawbox=c=white:t=fill:enable='lt(mod(t+0.001,1),0.06)'\" "

/* Makes a clip of so many seconds; `arguments` say how it is encoded. */
static void make_clip(double seconds, const char *rate, const char *arguments)
{
    char all[2048];
    assert_true(snprintf(all, sizeof all, FLASHES BEEPS "-c:v libx264 -preset ultrafast -threads 2 %s", rate, seconds,
                         seconds, arguments) < (int)sizeof all);
    ffmpeg(all);
}

/* The same pictures and beeps with other sound, in another container. */
static void make_from(const char *clip, const char *arguments, const char *name)
{
    char all[512];
    assert_true(snprintf(all, sizeof all, "-i %s -c:v copy %s %s", clip, arguments, name) < (int)sizeof all);
    ffmpeg(all);
}

/* ---- rendering without painting ---- */

typedef struct Copied {
    int result;
    SolWriterReport report;
} Copied;

static Lines logged;
static const char *const *then; /* clips that follow the first; NULL: none */

/* Writes the frames first .. first + count - 1 (0: all) of a clip into a film, as a render does that paints nothing. */
static Copied copy_film(const char *from, SolOutputSettings settings, int64_t first, int64_t count)
{
    static char quick[] = "ultrafast";
    const SolLog log = {keep_line, &logged};
    SolVideo *video = open_video(from, &(SolVideoOptions){.threads = 2, .then = then, .framerate = {2, 1}});
    SolWriter *writer = NULL;
    Copied copied = {0};
    SolVideoInfo info;
    SolVideoIndex index;
    SolWriterInput input;
    bool *wanted;
    logged = (Lines){0};
    sol_video_info(video, &info);
    assert_int_equal(sol_video_index(video, &index), 0);
    input = (SolWriterInput){.width = info.out_width,
                             .height = info.out_height,
                             .time_base = info.time_base,
                             .frame_rate = info.frame_rate,
                             .threads = 2,
                             .overwrite = true,
                             .first = first,
                             .count = count ? count : index.frames - first,
                             .index = &index,
                             .sources = info.sources,
                             .source_count = info.source_count,
                             .comment = "Solstice test"};
    settings.crf = -1;
    if (!strstr(settings.path, ".y4m"))
        settings.preset = quick;
    wanted = calloc((size_t)input.count, sizeof *wanted);
    assert_non_null(wanted);
    copied.result = sol_writer_mark(&settings, &input, wanted);
    if (copied.result == 0)
        copied.result = sol_writer_open(&writer, &settings, &input, &log);
    for (int64_t n = first; n < first + input.count && copied.result == 0; n++) {
        SolImage *image;
        if (!wanted[n - first])
            continue;
        assert_int_equal(sol_video_skip_to(video, n), 0);
        image = read_image(video);
        copied.result = sol_writer_write(writer, image);
        sol_image_unref(&image);
    }
    if (copied.result == 0)
        copied.result = sol_writer_finish(writer, &copied.report);
    sol_writer_close(&writer);
    free(wanted);
    sol_video_index_clear(&index);
    sol_video_close(&video);
    return copied;
}

#define TO(name) .path = (char *)(intptr_t)in_folder(name)

/* As copy_film(), which must succeed. */
static SolWriterReport copied(const char *from, SolOutputSettings settings, int64_t first, int64_t count)
{
    Copied made = copy_film(from, settings, first, count);
    if (made.result != 0)
        fail_msg("%s", sol_error_text());
    return made.report;
}

/* ---- looking ---- */

/* What ffprobe says of the streams of a type ("a", "s:0") or of the file: "key=value|" one after the other. */
static const char *ask(const char *name, const char *streams, const char *entries)
{
    const char *path = in_folder(name);
    if (run_command("ffprobe -v error %s %s -of default=noprint_wrappers=1 -show_entries '%s' '%s' | tr '\\n' '|'",
                    *streams ? "-select_streams" : "", streams, entries, path) != 0)
        fail_msg("%s", printed);
    return printed;
}

static double ask_number(const char *name, const char *streams, const char *entry)
{
    const char *text = ask(name, streams, entry), *equals = strchr(text, '=');
    assert_non_null(equals);
    return atof(equals + 1);
}

static void assert_near(double a, double b, double most)
{
    if (!(fabs(a - b) <= most))
        fail_msg("%f is not within %g of %f", a, most, b);
}

/* The packets of the sound, hashed as they are, with their times where those are wanted. */
static void hash_sound(const char *name, bool times, char hash[33])
{
    if (run_command("cd '%s' && ffmpeg -v error -i '%s' -map 0:a -c copy -f %s - | grep -v '^#' | md5sum", folder, name,
                    times ? "framehash" : "streamhash") != 0)
        fail_msg("%s", printed);
    snprintf(hash, 33, "%.32s", printed);
}

static void assert_same_sound(const char *a, const char *b, bool times)
{
    char first[33], second[33];
    hash_sound(a, times, first);
    hash_sound(b, times, second);
    if (strcmp(first, second) != 0)
        fail_msg("the sound of %s is not that of %s", b, a);
}

/* When beeps begin, on the film's own clock, in the first sound track. */
static int find_beeps(const char *name, double beeps[MOST_BEEPS])
{
    char command[1024];
    int count = 0;
    size_t size, silent = RATE;
    int16_t *samples;
    FILE *pipe;
    snprintf(command, sizeof command, "ffmpeg -v error -copyts -i '%s' -map 0:a:0 -af aresample=%d:async=1:first_pts=0 -ac 1 "
             "-f s16le -", in_folder(name), RATE);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    samples = (int16_t *)(void *)read_stream(pipe, &size);
    assert_int_equal(pclose(pipe), 0);
    for (size_t i = 0; i < size / 2; i++) {
        if (abs(samples[i]) > 3000) {
            if (silent > RATE / 10 && count < MOST_BEEPS)
                beeps[count++] = (double)i / RATE;
            silent = 0;
        }
        silent++;
    }
    free(samples);
    return count;
}

/* When pictures begin to be white, on the film's own clock. */
static int find_flashes(const char *name, double flashes[MOST_BEEPS])
{
    uint8_t *pixels;
    char *text, *times;
    int frames, count = 0;
    bool before = false;
    pixels = decode(in_folder(name), 32, 32, &frames);
    if (run_command("ffprobe -v error -select_streams v -show_entries frame=best_effort_timestamp_time -of csv=p=0 '%s' >'%s'",
                    in_folder(name), in_folder("times.txt")) != 0)
        fail_msg("%s", printed);
    {
        size_t size;
        uint8_t *bytes = read_bytes(in_folder("times.txt"), &size);
        times = text = calloc(size + 1, 1);
        assert_non_null(text);
        memcpy(text, bytes, size);
        free(bytes);
    }
    for (int n = 0; n < frames; n++) {
        double time = strtod(times, &times);
        bool white = pixels[(size_t)n * 32 * 32 * 3 + 16 * 32 * 3] > 128;
        while (*times && *times != '\n')
            times++;
        if (white && !before && count < MOST_BEEPS)
            flashes[count++] = time;
        before = white;
    }
    free(pixels);
    free(text);
    return count;
}

/* Fails unless there are `count` flashes, each with a beep within `most` seconds. */
static void assert_sync(const char *name, int count, double most)
{
    static double beeps[MOST_BEEPS], flashes[MOST_BEEPS];
    int sounds = find_beeps(name, beeps), lights = find_flashes(name, flashes);
    assert_int_equal(lights, count);
    assert_int_equal(sounds, count);
    for (int i = 0; i < count; i++)
        if (fabs(beeps[i] - flashes[i]) > most)
            fail_msg("%s: flash %d at %f, beep at %f", name, i, flashes[i], beeps[i]);
}

/* How much later the second flash is than the second beep. */
static double offset_in(const char *name)
{
    static double beeps[MOST_BEEPS], flashes[MOST_BEEPS];
    assert_true(find_beeps(name, beeps) >= 2);
    assert_true(find_flashes(name, flashes) >= 2);
    return flashes[1] - beeps[1];
}

/* ---- sound as it is ---- */

static void test_sound_is_copied_to_the_bit(void **state)
{
    static const struct {
        const char *encoded, *from, *to;
        bool times;
    } cases[] = {
        {"-c:a aac", "in.mp4", "out.mp4", true},       {"-c:a aac -ar 44100", "in.mov", "out.mov", true},
        {"-c:a aac", "in.mp4", "out.mkv", false},      {"-c:a ac3", "in.ts", "out.mkv", false},
        {"-c:a libmp3lame", "in.avi", "out.mp4", false}, {"-c:a libopus", "in.mkv", "out.mkv", true},
        {"-c:a libopus", "in.mkv", "out.mp4", false},  {"-c:a libvorbis", "in.mkv", "out.mkv", true},
        {"-c:a flac", "in.mkv", "out.mp4", false},     {"-c:a pcm_s16le", "in.mov", "out.mov", false},
    };
    (void)state;
    make_clip(3, "25", "-bf 0 -c:a pcm_s16le clip.mov");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_from("clip.mov", cases[i].encoded, cases[i].from);
        copied(cases[i].from, (SolOutputSettings){TO(cases[i].to)}, 0, 0);
        assert_int_equal(logged.count, 0);
        assert_same_sound(cases[i].from, cases[i].to, cases[i].times);
        assert_near(offset_in(cases[i].to), offset_in(cases[i].from), 0.002);
    }
}

static void test_other_sound_is_encoded(void **state)
{
    static const struct {
        const char *encoded, *from, *to;
    } cases[] = {
        {"-c:a libvorbis", "in.mkv", "out.mp4"},
        {"-c:a libopus", "in.mkv", "out.mov"},
        {"-c:a pcm_u8 -ac 1 -ar 11025", "in.avi", "out.mp4"},
        {"-c:a flac -ac 6 -ar 96000", "in.mkv", "out.mov"},
    };
    (void)state;
    make_clip(3, "25", "-bf 0 -c:a pcm_s16le clip.mov");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_from("clip.mov", cases[i].encoded, cases[i].from);
        copied(cases[i].from, (SolOutputSettings){TO(cases[i].to)}, 0, 0);
        assert_int_equal(logged.count, 0);
        assert_contains(ask(cases[i].to, "a", "stream=codec_name"), "codec_name=aac|");
        assert_near(offset_in(cases[i].to), offset_in(cases[i].from), 0.005);
    }
    assert_contains(ask("out.mov", "a", "stream=channels,sample_rate"), "sample_rate=96000|channels=6|");
}

static void test_what_audio_asks_for(void **state)
{
    char text[512];
    (void)state;
    make_clip(2, "25", "-c:a pcm_s16le in.mov");
    copied("in.mov", (SolOutputSettings){TO("out.mp4"), .audio = SOL_AUDIO_NONE}, 0, 0);
    assert_string_equal(ask("out.mp4", "a", "stream=codec_name"), "");
    copied("in.mov", (SolOutputSettings){TO("out.mov"), .audio = SOL_AUDIO_AAC}, 0, 0);
    assert_string_equal(ask("out.mov", "a", "stream=codec_name"), "codec_name=aac|");
    copied("in.mov", (SolOutputSettings){TO("out.mov"), .audio = SOL_AUDIO_COPY}, 0, 0);
    assert_string_equal(ask("out.mov", "a", "stream=codec_name"), "codec_name=pcm_s16le|");
    assert_int_equal(copy_film("in.mov", (SolOutputSettings){TO("out2.mp4"), .audio = SOL_AUDIO_COPY}, 0, 0).result,
                     SOL_ERR_ARGUMENT);
    snprintf(text, sizeof text, "%s: \"audio: copy\" cannot be: such files do not take the source's sound; leave it "
             "out, and the sound is encoded", in_folder("out2.mp4"));
    assert_string_equal(sol_error_text(), text);
    assert_int_equal(access(in_folder("out2.mp4"), F_OK), -1);
}

/* ---- cuts ---- */

static void test_sound_is_cut_with_the_pictures(void **state)
{
    static const struct {
        const char *encoded, *from, *to;
    } cases[] = {
        {"-c:a aac", "in.mp4", "out.mp4"},       {"-c:a pcm_s16le", "in.mov", "out.mov"},
        {"-c:a pcm_s16le", "in.mkv", "out.mkv"}, {"-c:a pcm_s16le", "in.mov", "out.mp4"},
        {"-c:a aac", "in.mkv", "out.mkv"},       {"-c:a libopus", "in.mkv", "out.mkv"},
    };
    (void)state;
    make_clip(6, "25", "-c:a pcm_s16le clip.mov");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_from("clip.mov", cases[i].encoded, cases[i].from);
        /* 0.48 s to 4.48 s: flashes of seconds 1 to 4 */
        copied(cases[i].from, (SolOutputSettings){TO(cases[i].to)}, 12, 100);
        assert_sync(cases[i].to, 4, 0.02);
        assert_near(ask_number(cases[i].to, "", "format=duration"), 4, 0.045);
        if (strstr(cases[i].to, "mkv") == NULL)
            assert_near(ask_number(cases[i].to, "v", "stream=start_time"), 0, 1e-6);
        /* the output's own range, within that of the render */
        if (i > 1)
            continue;
        copied(cases[i].from, (SolOutputSettings){TO(cases[i].to), .first = 37, .count = 50}, 12, 100);
        assert_sync(cases[i].to, 2, 0.02);
        assert_near(ask_number(cases[i].to, "", "format=duration"), 2, 0.045);
    }
}

/* Sound that begins before the pictures, and behind them. */
static void test_offsets_are_kept(void **state)
{
    (void)state;
    make_clip(4, "25", "-c:a aac whole.mp4");
    ffmpeg("-itsoffset 0.4 -i whole.mp4 -i whole.mp4 -map 0:v -map 1:a -c copy late.mp4");
    ffmpeg("-i whole.mp4 -itsoffset 0.7 -i whole.mp4 -map 0:v -map 1:a -c copy early.mp4");
    ffmpeg("-itsoffset 0.4 -i whole.mp4 -i whole.mp4 -map 0:v -map 1:a -c copy -muxdelay 0 late.ts");
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"late.mp4", "early.mp4", "late.ts"};
        double video = ask_number(names[i], "v:0", "stream=start_time"),
               sound = ask_number(names[i], "a:0", "stream=start_time"), offset = offset_in(names[i]);
        copied(names[i], (SolOutputSettings){TO("out.mp4")}, 0, 0);
        assert_near(ask_number("out.mp4", "v", "stream=start_time") - ask_number("out.mp4", "a", "stream=start_time"),
                    video - sound, 0.001);
        assert_near(offset_in("out.mp4"), offset, 0.001);
        copied(names[i], (SolOutputSettings){TO("out.mkv")}, 0, 0);
        assert_near(offset_in("out.mkv"), offset, 0.002);
        copied(names[i], (SolOutputSettings){TO("out.mp4"), .audio = SOL_AUDIO_AAC}, 0, 0);
        assert_near(offset_in("out.mp4"), offset, 0.005);
    }
}

static void test_sync_after_ten_minutes(void **state)
{
    (void)state;
    make_clip(20, "5", "-c:a pcm_s16le short.mov");
    ffmpeg("-stream_loop 29 -i short.mov -c:v libx264 -preset ultrafast -g 300 -c:a libmp3lame -ac 1 -ar 16000 in.mkv");
    copied("in.mkv", (SolOutputSettings){TO("out.mp4"), .audio = SOL_AUDIO_AAC, .width = 32}, 0, 0);
    assert_sync("out.mp4", 600, 0.02);
}

/* ---- time ---- */

static void test_speed_stretches_sound(void **state)
{
    (void)state;
    make_clip(8, "25", "-c:a aac in.mp4");
    copied("in.mp4", (SolOutputSettings){TO("out.mp4"), .speed = {2, 1}}, 0, 0);
    assert_sync("out.mp4", 8, 0.03);
    assert_near(ask_number("out.mp4", "", "format=duration"), 4, 0.04);
    copied("in.mp4", (SolOutputSettings){TO("out.mp4"), .speed = {1, 2}}, 0, 0);
    assert_sync("out.mp4", 8, 0.04);
    assert_near(ask_number("out.mp4", "", "format=duration"), 16, 0.08);
    /* beyond a half and twice, where that is asked for */
    copied("in.mp4", (SolOutputSettings){TO("out.mp4"), .speed = {1, 3}}, 0, 0);
    assert_string_equal(ask("out.mp4", "a", "stream=codec_name"), "");
    copied("in.mp4", (SolOutputSettings){TO("out.mp4"), .speed = {1, 3}, .audio = SOL_AUDIO_STRETCH}, 0, 0);
    assert_sync("out.mp4", 8, 0.06);
    assert_int_equal(copy_film("in.mp4", (SolOutputSettings){TO("no.mp4"), .speed = {2, 1}, .audio = SOL_AUDIO_COPY}, 0,
                               0).result, SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "\"speed\" changes it");
}

static void test_rates_keep_sync(void **state)
{
    SolWriterReport report;
    (void)state;
    make_clip(6, "24000/1001", "-c:a aac in.mp4");
    report = copied("in.mp4", (SolOutputSettings){TO("out.mp4"), .fps = {60000, 1001}}, 0, 0);
    assert_string_equal(ask("out.mp4", "v", "stream=r_frame_rate,avg_frame_rate"),
                        "r_frame_rate=60000/1001|avg_frame_rate=60000/1001|");
    assert_int_equal(report.dropped, 0);
    assert_int_equal(report.frames, report.repeated + 144);
    assert_near((double)report.frames * 1001 / 60000, 6, 1.0 / 23);
    assert_sync("out.mp4", 6, 0.03);
    report = copied("in.mp4", (SolOutputSettings){TO("out.mp4"), .fps = {12, 1}}, 0, 0);
    assert_string_equal(ask("out.mp4", "v", "stream=r_frame_rate"), "r_frame_rate=12/1|");
    assert_int_equal(report.repeated, 0);
    assert_int_equal(report.frames, 144 - report.dropped);
    assert_int_equal(report.frames, 72);
    report = copied("in.mp4", (SolOutputSettings){TO("out.mp4"), .speed = {4, 1}}, 0, 0);
    assert_string_equal(ask("out.mp4", "v", "stream=r_frame_rate"), "r_frame_rate=24000/1001|");
    assert_int_equal(report.frames, 36);
    assert_int_equal(report.dropped, 108);
}

/* ---- several sources ---- */

/* Flashes at 0, 1 .. of each clip, with their beeps, or without; in the film these times are counted from `first`. */
static void assert_joined(const char *name, const double sounding[], int sounds, const double silent[], int more,
                          double first, double speed)
{
    static double beeps[MOST_BEEPS], flashes[MOST_BEEPS];
    assert_int_equal(find_beeps(name, beeps), sounds);
    assert_int_equal(find_flashes(name, flashes), sounds + more);
    for (int i = 0, k = 0, l = 0; i < sounds + more; i++) {
        bool sounds_now = k < sounds && (l == more || sounding[k] < silent[l]);
        double due = ((sounds_now ? sounding[k++] : silent[l++]) - first) / speed;
        assert_near(flashes[i], due, 0.04);
        if (sounds_now)
            assert_near(beeps[k - 1], due, speed > 1 ? 0.04 : 0.02);
    }
}

static void test_sounds_of_several_inputs(void **state)
{
    static const char *const clips[] = {"mono.mp4", "mute.mkv", "still.png", "wide.mkv", "raw.mov"};
    static const double sounding[] = {0, 1, 2, 3, 6.1, 7.1, 8.1, 9.1, 10.1, 10.6, 11.6},
                        silent[] = {3.6, 4.6};
    const char *paths[6] = {0};
    SolWriterReport report;
    (void)state;
    make_clip(3.6, "25", "-c:a aac -ar 44100 -ac 1 mono.mp4");
    make_clip(2, "30", "-an mute.mkv");
    ffmpeg("-f lavfi -i color=gray:s=32x32 -frames:v 1 still.png");
    make_clip(4.5, "30", "-c:a libopus -ac 2 wide.mkv");
    make_clip(1.5, "24", "-c:a pcm_s16le -ar 22050 raw.mov");
    for (int i = 0; i < 5; i++)
        paths[i] = sol_copy(in_folder(clips[i]));
    then = paths + 1;
    report = copied("mono.mp4", (SolOutputSettings){TO("all.mp4")}, 0, 0);
    assert_near(report.seconds, 12.1, 0.01); /* the still shows for half a second */
    assert_joined("all.mp4", sounding, 11, silent, 2, 0, 1);
    assert_string_equal(ask("all.mp4", "a", "stream=codec_name,sample_rate,channels"),
                        "codec_name=aac|sample_rate=48000|channels=2|");
    copied("mono.mp4", (SolOutputSettings){TO("all.webm")}, 0, 0);
    assert_joined("all.webm", sounding, 11, silent, 2, 0, 1);
    copied("mono.mp4", (SolOutputSettings){TO("fast.mkv"), .speed = {3, 2}}, 0, 0);
    assert_joined("fast.mkv", sounding, 11, silent, 2, 0, 1.5);
    copied("mono.mp4", (SolOutputSettings){TO("cut.mp4")}, 45, 150); /* 1.8 to about 7.6 s */
    assert_joined("cut.mp4", sounding + 2, 4, silent, 2, 1.8, 1);
    copied("mono.mp4", (SolOutputSettings){TO("late.mp4")}, 150, 36); /* from 5.6 s on, in the still */
    assert_joined("late.mp4", sounding + 4, 2, silent, 0, 5.6, 1);
    copied("mono.mp4", (SolOutputSettings){TO("none.mp4"), .audio = SOL_AUDIO_NONE}, 0, 0);
    assert_string_equal(ask("none.mp4", "a", "stream=codec_name"), "");
    assert_int_equal(copy_film("mono.mp4", (SolOutputSettings){TO("copy.mp4"), .audio = SOL_AUDIO_COPY}, 0, 0).result,
                     SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "that of several inputs is made one track");
    then = NULL;
    for (int i = 0; i < 5; i++)
        free((char *)(intptr_t)paths[i]);
}

/* ---- the other tracks ---- */

static void test_several_tracks_and_tags(void **state)
{
    static const char *const names[] = {"out.mp4", "out.mkv"};
    (void)state;
    make_clip(3, "25", "-map 0:v -map 1:a -map 1:a -c:a:0 aac -c:a:1 ac3 -metadata title='A clip' -metadata artist=Somebody "
              "-metadata creation_time=2020-05-06T07:08:09Z -metadata comment=before -metadata:s:v:0 rotate=0 "
              "-metadata:s:a:0 language=eng -metadata:s:a:1 language=fra -disposition:a:0 0 -disposition:a:1 default in.mp4");
    for (int i = 0; i < 2; i++) {
        const char *text;
        copied("in.mp4", (SolOutputSettings){TO(names[i])}, 0, 0);
        text = ask(names[i], "a", "stream=codec_name:stream_disposition=default:stream_tags=language");
        assert_string_equal(text, "codec_name=aac|DISPOSITION:default=0|TAG:language=eng|"
                                  "codec_name=ac3|DISPOSITION:default=1|TAG:language=fra|");
        text = ask(names[i], "", "format_tags");
        assert_contains(text, "TAG:title=A clip|");
        assert_contains(text, i ? "TAG:ARTIST=Somebody|" : "TAG:artist=Somebody|");
        assert_contains(text, "TAG:creation_time=2020-05-06T07:08:09.000000Z|");
        assert_contains(text, i ? "TAG:COMMENT=Solstice test; before|" : "TAG:comment=Solstice test; before|");
        assert_null(strstr(ask(names[i], "v", "stream_side_data_list:stream_tags=rotate"), "rotat"));
    }
    /* a film of ours as the source: its comment is replaced */
    copied("out.mp4", (SolOutputSettings){TO("again.mp4")}, 0, 0);
    assert_contains(ask("again.mp4", "", "format_tags=comment"), "TAG:comment=Solstice test|");
}

static void write_subtitles(void)
{
    write_text(in_folder("in.srt"), "1\n00:00:00,500 --> 00:00:01,500\nHello there\n\n2\n00:00:02,000 --> 00:00:04,000\n"
                                    "<i>Second</i> line\n\n3\n00:00:05,000 --> 00:00:05,500\nLast\n");
    write_text(in_folder("in.txt"), ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=3000\ntitle=One\n"
                                    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=3000\nEND=6000\ntitle=Two\n");
}

static void test_subtitles_and_chapters(void **state)
{
    static const struct {
        const char *from, *form, *to, *expected;
        int speed;
    } cases[] = {
        {"in.mkv", "srt", "out.mkv", "subrip", 1},        {"in.mkv", "srt", "out.mp4", "mov_text", 2},
        {"in.mkv", "ass", "out.mkv", "ass", 1},           {"in.mkv", "ass", "out.mov", "mov_text", 2},
        {"in.mp4", "mov_text", "out.mp4", "mov_text", 1}, {"in.mp4", "mov_text", "out.mov", "mov_text", 2},
    };
    (void)state;
    write_subtitles();
    make_clip(6, "25", "-c:a pcm_s16le clip.mov");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char arguments[512];
        snprintf(arguments, sizeof arguments, "-i clip.mov -i in.srt -i in.txt -map 0 -map 1 -map_metadata 2 -c copy "
                 "-c:a %s -c:s %s -metadata:s:s:0 language=fra %s",
                 strstr(cases[i].from, "mp4") ? "ac3" : "copy", cases[i].form, cases[i].from);
        ffmpeg(arguments);
        /* 1 s to 5 s */
        copied(cases[i].from, (SolOutputSettings){TO(cases[i].to), .speed = {cases[i].speed, 1}}, 25, 100);
        snprintf(arguments, sizeof arguments, "codec_name=%s|TAG:language=fra|", cases[i].expected);
        assert_string_equal(ask(cases[i].to, "s", "stream=codec_name:stream_tags=language"), arguments);
        assert_int_equal(run_command("ffmpeg -v error -i '%s' -map 0:s -f srt -", in_folder(cases[i].to)), 0);
        assert_contains(printed, cases[i].speed == 1 ? "1\n00:00:00,000 --> 00:00:00,500\nHello there\n"
                                                     : "1\n00:00:00,000 --> 00:00:00,250\nHello there\n");
        assert_contains(printed, cases[i].speed == 1 ? "2\n00:00:01,000 --> 00:00:03,000\n<i>Second</i> line\n"
                                                     : "2\n00:00:00,500 --> 00:00:01,500\n<i>Second</i> line\n");
        assert_null(strstr(printed, "Last"));
        assert_string_equal(ask(cases[i].to, "", "chapter=start_time,end_time:chapter_tags=title"),
                            cases[i].speed == 1 ? "start_time=0.000000|end_time=2.000000|TAG:title=One|"
                                                  "start_time=2.000000|end_time=4.000000|TAG:title=Two|"
                                                : "start_time=0.000000|end_time=1.000000|TAG:title=One|"
                                                  "start_time=1.000000|end_time=2.000000|TAG:title=Two|");
    }
}

static void test_webm_has_opus(void **state)
{
    (void)state;
    need_encoder("libvpx-vp9");
    need_encoder("libopus");
    make_clip(2, "10", "-c:a aac in.mp4");
    copied("in.mp4", (SolOutputSettings){TO("out.webm")}, 0, 0);
    assert_contains(ask("out.webm", "a", "stream=codec_name,sample_rate"), "codec_name=opus|sample_rate=48000|");
    assert_near(offset_in("out.webm"), offset_in("in.mp4"), 0.005);
    copied("in.mp4", (SolOutputSettings){TO("out.y4m")}, 0, 0);
    assert_string_equal(ask("out.y4m", "", "stream=codec_type"), "codec_type=video|");
}

/* ---- sources that are not as they should be ---- */

static void test_damaged_sound_is_no_error(void **state)
{
    size_t size;
    uint8_t *bytes;
    (void)state;
    make_clip(4, "25", "-c:a ac3 in.ts");
    bytes = read_bytes(in_folder("in.ts"), &size);
    for (size_t at = size / 3; at < size / 2; at += 97)
        bytes[at] ^= 0x5a;
    write_bytes(in_folder("in.ts"), bytes, size);
    free(bytes);
    copied("in.ts", (SolOutputSettings){TO("out.mp4")}, 0, 0);
    copied("in.ts", (SolOutputSettings){TO("out.mkv")}, 0, 0);
    copied("in.ts", (SolOutputSettings){TO("out.mp4"), .audio = SOL_AUDIO_AAC}, 0, 0);
    assert_near(ask_number("out.mp4", "a", "stream=duration"), 4, 0.5);
}

static void test_sources_without_sound(void **state)
{
    (void)state;
    ffmpeg("-f lavfi -i color=red:s=32x32:r=10:d=1 in.mp4");
    copied("in.mp4", (SolOutputSettings){TO("out.mp4"), .audio = SOL_AUDIO_COPY}, 0, 0);
    assert_string_equal(ask("out.mp4", "", "stream=codec_type"), "codec_type=video|");
    assert_int_equal(logged.count, 0);
    ffmpeg("-f lavfi -i color=red:s=32x32:r=10:d=1 in.gif");
    copied("in.gif", (SolOutputSettings){TO("out.mkv")}, 0, 0);
    assert_string_equal(ask("out.mkv", "", "stream=codec_type"), "codec_type=video|");
}

static void test_campus(void **state)
{
    (void)state;
    if (access("../shared/data/media/campus.mov", R_OK) != 0) {
        print_message("skipped: ../shared/data is not here\n");
        skip();
    }
    assert_int_equal(run_command("cp ../shared/data/media/campus.mov '%s'", folder), 0);
    copied("campus.mov", (SolOutputSettings){TO("out.mov"), .width = 32}, 0, 0);
    assert_same_sound("campus.mov", "out.mov", true);
    assert_string_equal(ask("out.mov", "", "stream=start_time"), "start_time=0.000000|start_time=0.000000|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sound_is_copied_to_the_bit, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_other_sound_is_encoded, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_what_audio_asks_for, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_sound_is_cut_with_the_pictures, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_offsets_are_kept, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_sync_after_ten_minutes, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_speed_stretches_sound, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_rates_keep_sync, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_sounds_of_several_inputs, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_several_tracks_and_tags, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_subtitles_and_chapters, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_webm_has_opus, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_damaged_sound_is_no_error, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_sources_without_sound, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_campus, set_up_folder, tear_down_folder),
    };
    return cmocka_run_group_tests_name("media/tracks", tests, NULL, NULL);
}
