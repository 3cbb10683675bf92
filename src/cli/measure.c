/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice measure: how steady painted films are, and how near to their source and style.
 */
#include "cli/measure.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/measure_files.h"
#include "style/distance.h"

#include <solstice/style.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Wishes {
    TextList films, styles; /* films: the source first, the reference last where there is one */
    const char *reference, *model, *json, *csv, *svg, *slice, *flows;
    FrameRange frames;
    int64_t offset, every, column, threads;
    Choice statistics;
    bool overwrite, quiet;
} Wishes;

/* A film that is read; [0] is the source. */
typedef struct Film {
    SolVideo *video;
    int64_t frames;
    double seconds; /* of a unit of its pictures' time */
    SolImage *image;
} Film;

typedef struct Work {
    const Wishes *wishes;
    Film films[MEASURED_MAX];
    Measured measured;
    MeasureFiles files;
    SolPool *pool;
    SolMeasurer *measurer;
    SolModel *model;
    SolDistance *distance;
} Work;

/* ---- opening ---- */

static int open_film(Work *work, int number)
{
    const Wishes *wishes = work->wishes;
    const SolVideoOptions options = {.threads = (int)wishes->threads, .cancelled = was_interrupted,
                                     .log = wishes->quiet ? &sol_console_warnings : &sol_console_log};
    Film *film = &work->films[number];
    SolVideoInfo info;
    SolVideoIndex index = {0};
    int result = sol_video_open(&film->video, wishes->films.items[number], &options);
    if (result == SOL_OK)
        result = sol_video_index(film->video, &index);
    if (result != SOL_OK)
        return result;
    sol_video_info(film->video, &info);
    film->frames = index.frames;
    film->seconds = info.time_base.den > 0 ? (double)info.time_base.num / info.time_base.den : 0;
    sol_video_index_clear(&index);
    if (number == 1) {
        work->measured.width = info.out_width;
        work->measured.height = info.out_height;
    }
    work->measured.paths[number] = wishes->films.items[number];
    return SOL_OK;
}

/* Which frames are measured: those that all films have, and that were asked for. */
static int choose_frames(Work *work, int64_t *first, int64_t *count)
{
    const Wishes *wishes = work->wishes;
    int64_t begin = wishes->offset, end = work->films[0].frames;
    bool differ = false;
    for (int i = 1; i < work->measured.pictures; i++) {
        int64_t last = wishes->offset + work->films[i].frames;
        differ = differ || last != work->films[0].frames;
        end = last < end ? last : end;
    }
    if (wishes->frames.count > 0) {
        begin = wishes->frames.first > begin ? wishes->frames.first : begin;
        if (wishes->frames.first + wishes->frames.count < end)
            end = wishes->frames.first + wishes->frames.count;
    }
    if (begin >= end)
        return sol_fail(SOL_ERR_ARGUMENT, "measure: there is no frame to measure: \"%s\" has %lld, \"%s\" %lld from "
                        "its frame %lld on", work->measured.paths[0], (long long)work->films[0].frames,
                        work->measured.paths[1], (long long)work->films[1].frames, (long long)wishes->offset);
    if (differ && wishes->offset == 0 && wishes->frames.count == 0)
        complain("warning: the films differ in length; frames 0-%lld, which all have, are measured",
                 (long long)end - 1);
    *first = begin;
    *count = end - begin;
    return SOL_OK;
}

/* Opens the model that distances are found by: the one asked for, or the first of these. An exit status, or 0. */
static int open_features(Work *work)
{
    static const char *const usual[] = {"vgg19-distilled-features", "vgg19-features", "compact", NULL};
    const char *name = work->wishes->model;
    for (int i = 0; !name && usual[i]; i++) {
        char *path = NULL;
        if (sol_model_find(&path, usual[i], NULL, model_folders()) == SOL_OK || !usual[i + 1])
            name = usual[i];
        free(path);
    }
    if (!work->wishes->model && strcmp(name, "compact") == 0 && !work->wishes->quiet)
        complain("neither vgg19-distilled-features nor vgg19-features is here: distances are those of the model "
                 "compact's own encoder; docs/models.md tells where these are");
    return open_model(name, NULL, &work->model);
}

static int learn_styles(Work *work)
{
    const TextList *styles = &work->wishes->styles;
    int result = SOL_OK;
    for (size_t i = 0; i < styles->count && result == SOL_OK; i++) {
        SolImage *image = NULL;
        int number;
        result = sol_image_load(&image, styles->items[i]);
        if (result == SOL_OK)
            result = sol_distance_learn(work->distance, image, &number);
        sol_image_unref(&image);
    }
    return result;
}

static int open_distances(Work *work)
{
    Measured *measured = &work->measured;
    SolStatistics statistics = (SolStatistics)work->wishes->statistics.value;
    SolModelInfo info;
    int result;
    if (!work->model)
        return SOL_OK;
    result = sol_distance_open(&work->distance, work->model, measured->width, measured->height, statistics, work->pool);
    if (result == SOL_OK)
        result = learn_styles(work);
    if (result != SOL_OK)
        return result;
    sol_model_info(work->model, &info);
    measured->distances = true;
    measured->styled = work->wishes->styles.count > 0;
    measured->model = info.name;
    measured->layers = sol_distance_layers(work->distance);
    measured->statistics = sol_statistics_name((int)statistics);
    return SOL_OK;
}

static int open_work(Work *work)
{
    const Wishes *wishes = work->wishes;
    Measured *measured = &work->measured;
    int64_t first = 0;
    int result = SOL_OK;
    measured->pictures = (int)wishes->films.count;
    measured->reference = wishes->reference ? measured->pictures - 1 : 0;
    for (int i = 0; i < measured->pictures && result == SOL_OK; i++)
        result = open_film(work, i);
    if (result == SOL_OK)
        result = choose_frames(work, &first, &measured->count);
    for (int i = 0; i < measured->pictures && result == SOL_OK; i++)
        result = sol_video_skip_to(work->films[i].video, first - (i > 0 ? wishes->offset : 0));
    if (result == SOL_OK && !(measured->frames = sol_calloc((size_t)measured->count, sizeof *measured->frames)))
        result = sol_fail_memory("what is measured");
    if (result == SOL_OK)
        result = sol_pool_open(&work->pool, (int)wishes->threads);
    if (result == SOL_OK)
        result = sol_measurer_open(&work->measurer, measured->width, measured->height, measured->pictures - 1,
                                   measured->reference - 1, work->pool);
    if (result == SOL_OK)
        result = open_distances(work);
    if (result == SOL_OK)
        result = open_measure_files(&work->files, measured, wishes->slice, (int)wishes->column, wishes->flows,
                                    wishes->overwrite);
    for (int64_t i = 0; i < measured->count && result == SOL_OK; i++)
        measured->frames[i].number = first + i;
    return result;
}

static void close_work(Work *work)
{
    close_measure_files(&work->files);
    sol_distance_close(&work->distance);
    sol_measurer_close(&work->measurer);
    sol_pool_close(&work->pool);
    sol_model_close(&work->model);
    for (int i = 0; i < MEASURED_MAX; i++) {
        sol_image_unref(&work->films[i].image);
        sol_video_close(&work->films[i].video);
    }
    sol_free(work->measured.frames);
}

/* ---- measuring ---- */

/* The next picture of a film, in the size that is measured; NULL at its end. */
static int read_film(Work *work, int number)
{
    const Measured *measured = &work->measured;
    Film *film = &work->films[number];
    SolImage *image = NULL, *scaled = NULL;
    int result;
    sol_image_unref(&film->image);
    result = sol_video_read(film->video, &image);
    if (result == SOL_OK && image &&
        (sol_image_width(image) != measured->width || sol_image_height(image) != measured->height)) {
        result = sol_image_scale(&scaled, image, measured->width, measured->height);
        sol_image_unref(&image);
        image = scaled;
    }
    film->image = image;
    return result;
}

/* The style that a frame has: they share the frames equally, in their order. */
static int style_of(const Work *work, int64_t frame)
{
    int64_t count = (int64_t)work->wishes->styles.count;
    return count > 0 ? (int)(frame * count / work->measured.count) : -1;
}

static void find_distances(Work *work, int64_t i)
{
    MeasuredFrame *frame = &work->measured.frames[i];
    for (int p = 0; p < MEASURED_MAX; p++)
        frame->style[p] = frame->content[p] = (double)NAN;
    if (!work->distance || i % work->wishes->every != 0)
        return;
    sol_distance_set_frame(work->distance, work->films[0].image);
    for (int p = 1; p < work->measured.pictures; p++)
        sol_distance_find(work->distance, work->films[p].image, style_of(work, i), &frame->style[p],
                          &frame->content[p]);
}

static int measure_frame(Work *work, int64_t i)
{
    Measured *measured = &work->measured;
    MeasuredFrame *frame = &measured->frames[i];
    SolImage *films[SOL_MEASURE_FILMS_MAX] = {NULL};
    for (int p = 1; p < measured->pictures; p++)
        films[p - 1] = work->films[p].image;
    frame->seconds = work->films[0].seconds * (double)work->films[0].image->pts;
    sol_measurer_next(work->measurer, work->films[0].image, films, &frame->motion, frame->of);
    find_distances(work, i);
    add_to_slice(&work->files, i, work->films[0].image, films, measured->pictures - 1);
    return i > 0 ? add_flows(&work->files, work->measurer) : SOL_OK;
}

static void show(const Work *work, int64_t done, double seconds)
{
    char text[128], left[32], rate[32];
    double speed = seconds > 0 ? (double)done / seconds : 0;
    int64_t frames = work->measured.count;
    if (work->wishes->quiet)
        return;
    snprintf(text, sizeof text, "frame %lld of %lld  %s  %s left", (long long)done, (long long)frames,
             format_rate(speed, rate), speed > 0 ? format_duration((double)(frames - done) / speed, left) : "?");
    show_progress(text, seconds, done == frames);
}

static int measure_all(Work *work)
{
    Measured *measured = &work->measured;
    double start = sol_clock();
    for (int64_t i = 0; i < measured->count; i++) {
        int result = was_interrupted(NULL) ? sol_fail(SOL_ERR_CANCELLED, "interrupted") : SOL_OK;
        bool ended = false;
        for (int p = 0; p < measured->pictures && result == SOL_OK; p++) {
            result = read_film(work, p);
            ended = ended || !work->films[p].image;
        }
        if (result == SOL_OK && ended && i == 0)
            result = sol_fail(SOL_ERR_FORMAT, "measure: nothing could be read of the frames that are to be measured");
        if (result == SOL_OK && ended) {
            complain("warning: a film ends before its time; %lld frames are measured", (long long)i);
            measured->count = i;
            break;
        }
        if (result == SOL_OK)
            result = measure_frame(work, i);
        if (result != SOL_OK)
            return result;
        show(work, i + 1, sol_clock() - start);
    }
    show_progress("", 0, true);
    return SOL_OK;
}

/* ---- the command ---- */

static int tell(Work *work)
{
    const Wishes *wishes = work->wishes;
    const Measured *measured = &work->measured;
    bool to_stdout = wishes->json && strcmp(wishes->json, "-") == 0;
    int result = end_measure_files(&work->files, measured);
    if (result == SOL_OK && wishes->json && !to_stdout)
        result = save_measured(wishes->json, measured, write_measured_json, wishes->overwrite);
    if (result == SOL_OK && wishes->csv)
        result = save_measured(wishes->csv, measured, write_measured_csv, wishes->overwrite);
    if (result == SOL_OK && wishes->svg)
        result = save_measured(wishes->svg, measured, write_measured_svg, wishes->overwrite);
    if (result == SOL_OK && to_stdout && !write_measured_json(stdout, measured))
        result = sol_fail(SOL_ERR_IO, "standard output cannot be written");
    if (result == SOL_OK && !to_stdout && !wishes->quiet)
        print_measured(measured);
    return result;
}

static int measure(const Wishes *wishes)
{
    Work work = {.wishes = wishes};
    int status = 0, result;
    if (wishes->styles.count > 0 || wishes->model)
        status = open_features(&work);
    if (status == 0) {
        result = open_work(&work);
        if (result == SOL_OK)
            result = measure_all(&work);
        if (result == SOL_OK)
            result = tell(&work);
        status = result == SOL_OK ? EXIT_DONE : report_failure(result);
    }
    close_work(&work);
    return status;
}

/* Checks the files that are to be written; -1 or an exit status. */
static int check_wishes(const Wishes *wishes)
{
    const struct {
        const char *option, *path, *extensions;
    } files[] = {{"--json", wishes->json, NULL}, {"--csv", wishes->csv, NULL}, {"--svg", wishes->svg, NULL},
                 {"--slice", wishes->slice, "png jpg jpeg"}, {"--flows", wishes->flows, NULL}};
    size_t count = sizeof files / sizeof *files;
    for (size_t i = 0; i < count; i++) {
        const char *path = files[i].path;
        if (!path || (i == 0 && strcmp(path, "-") == 0))
            continue;
        for (size_t k = 0; k < wishes->films.count; k++)
            if (sol_path_is_same(path, wishes->films.items[k]))
                return report_failure(sol_fail(SOL_ERR_ARGUMENT, "measure: %s %s: is one of the films", files[i].option,
                                               path));
        for (size_t k = 0; k < i; k++)
            if (files[k].path && strcmp(path, files[k].path) == 0)
                return report_failure(sol_fail(SOL_ERR_ARGUMENT, "measure: %s %s: is what %s writes, too",
                                               files[i].option, path, files[k].option));
        if (files[i].extensions && !sol_path_has_extension(path, files[i].extensions)) {
            complain("measure: %s %s: must end in .png, .jpg or .jpeg", files[i].option, path);
            return EXIT_USAGE;
        }
        if (!wishes->overwrite && sol_path_exists(path))
            return report_failure(sol_fail_exists(path));
    }
    return -1;
}

/* Puts the reference behind the films. */
static int add_reference(Wishes *wishes)
{
    TextList *films = &wishes->films;
    if (!wishes->reference)
        return -1;
    if (films->count > SOL_MEASURE_FILMS_MAX) {
        complain("measure: at most %d films, the reference among them, can be measured at once", SOL_MEASURE_FILMS_MAX);
        return EXIT_USAGE;
    }
    if (!sol_grow((void **)&films->items, &films->capacity, films->count + 1, sizeof *films->items))
        return report_failure(sol_fail_memory("the films"));
    films->items[films->count++] = wishes->reference;
    return -1;
}

static int run(int argc, char **argv)
{
    Wishes wishes = {.every = 1, .column = -1, .statistics = {SOL_STATISTICS_GRAM, sol_statistics_name}};
    const Option options[] = {
        {"reference", 'r', OPTION_FILE, &wishes.reference, 0, 0},
        {"frames", 0, OPTION_RANGE, &wishes.frames, 0, 0},
        {"offset", 0, OPTION_INT, &wishes.offset, 0, 1e12},
        {"style", 's', OPTION_MANY, &wishes.styles, 0, 0},
        {"model", 0, OPTION_MODEL, &wishes.model, 0, 0},
        {"statistics", 0, OPTION_CHOICE, &wishes.statistics, 0, 0},
        {"every", 0, OPTION_INT, &wishes.every, 1, 1e9},
        {"json", 0, OPTION_FILE, &wishes.json, 0, 0},
        {"csv", 0, OPTION_FILE, &wishes.csv, 0, 0},
        {"svg", 0, OPTION_FILE, &wishes.svg, 0, 0},
        {"slice", 0, OPTION_FILE, &wishes.slice, 0, 0},
        {"column", 0, OPTION_INT, &wishes.column, 0, SOL_IMAGE_MAX_SIDE - 1},
        {"flows", 0, OPTION_FILE, &wishes.flows, 0, 0},
        {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
        {"quiet", 'q', OPTION_FLAG, &wishes.quiet, 0, 0},
        {0},
    };
    int status = read_arguments(&sol_command_measure, argc, argv, options, &wishes.films, 2, MEASURED_MAX);
    if (status < 0)
        status = add_reference(&wishes);
    if (status < 0)
        status = check_wishes(&wishes);
    catch_interrupts();
    if (status < 0)
        status = measure(&wishes);
    free(wishes.films.items);
    free(wishes.styles.items);
    return status;
}

const Command sol_command_measure = {
    .name = "measure",
    .arguments = "SOURCE PAINTED... [OPTION ...]",
    .summary = "tell how steady a painted film is",
    .help = "Measures films that were painted from SOURCE, frame by frame: the warping error (how much a painting\n"
            "changes along with what moves), flicker where the source is still, SSIM to the source, what is left of\n"
            "former paintings where something was uncovered, and distances from styles and content.\n\n"
            "  -r, --reference FILE another painting of it, unsteadied, that the others are compared with\n"
            "      --frames A-B     only these frames of the source, counted from 0\n"
            "      --offset N       frame 0 of the paintings is frame N of the source\n"
            "  -s, --style IMAGE... also measure how far paintings are from this style, and from the source; several\n"
            "                       share the frames equally, in their order\n"
            "      --model M        as seen by this model; the first of vgg19-distilled-features, vgg19-features and\n"
            "                       compact that is there, where it is not given\n"
            "      --statistics S   of a style: gram (where it is not given), or moments\n"
            "      --every N        distances of every Nth frame only\n"
            "      --json FILE      write all numbers as JSON; - is standard output, in place of the table\n"
            "      --csv FILE       write the numbers of every frame as a table\n"
            "      --svg FILE       draw them over time\n"
            "      --slice FILE     make a picture of one column of pixels through all frames, side by side: of each\n"
            "                       painting, and of the source at the bottom; .png or .jpg\n"
            "      --column X       which column; the middle where it is not given\n"
            "      --flows FILE     write the flows that were measured by, one .flo after another\n"
            "      --threads N      use N threads; as many as there are processors where it is not given\n"
            "      --overwrite      replace files that exist\n"
            "  -q, --quiet          print warnings and errors only\n",
    .files = SOL_VIDEO_FILES,
    .run = run,
};
