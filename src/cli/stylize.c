/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice stylize: one picture in one style, or in a blend of several.
 */
#include "cli/optimise.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <solstice/style.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Wishes {
    TextList styles;
    const char *weights, *model, *method, *output;
    int64_t size, threads;
    double strength;
    Choice precision;
    uint64_t memory;
    Levels levels;
    Choice color;
    bool overwrite;
    Optimising optimising;
} Wishes;

/* "0.5,0.5" into `count` weights that sum to 1; without a text they are equal. */
static int read_weights(const char *text, float weights[], size_t count)
{
    double sum = 0, value;
    for (size_t i = 0; i < count; i++) {
        char part[32];
        size_t length = text ? strcspn(text, ",") : 0;
        if (!text) {
            weights[i] = 1.0f / (float)count;
            continue;
        }
        snprintf(part, sizeof part, "%.*s", (int)length, text);
        if (length >= sizeof part || !sol_parse_number(part, &value) || value < 0 ||
            (i + 1 < count) != (text[length] == ','))
            return sol_fail(SOL_ERR_ARGUMENT, "--weights: must be %zu numbers of 0 or more, one a style, as in %s",
                            count, count == 1 ? "1" : "0.7,0.3");
        weights[i] = (float)value;
        sum += value;
        text += length + 1;
        if (i + 1 == count && !(sum > 0))
            return sol_fail(SOL_ERR_ARGUMENT, "--weights: one of them must be above 0");
    }
    for (size_t i = 0; i < count && sum > 0; i++)
        weights[i] = (float)(weights[i] / sum);
    return SOL_OK;
}

/* Learns the styles and blends them, where any are given. */
static int open_style(SolEngine *engine, const Wishes *wishes, const SolImage *content, SolStyle **style)
{
    size_t count = wishes->styles.count;
    bool matches = wishes->color.value == SOL_COLOR_CONTENT;
    float *weights;
    int result;
    if (count == 0 && matches)
        return sol_fail(SOL_ERR_ARGUMENT, "stylize: --color content moves the colours of a style image, and there is "
                                          "none; write --color luminance");
    if (count == 0)
        return SOL_OK;
    weights = sol_calloc(count, sizeof *weights);
    result = weights ? read_weights(wishes->weights, weights, count) : sol_fail_memory("the styles");
    if (result == SOL_OK)
        result = sol_style_open_blend(style, engine, wishes->styles.items, weights, (int)count,
                                      matches ? content : NULL);
    sol_free(weights);
    return result;
}

/* Loads the content, with `size` pixels on its shorter side where that is not 0. */
static int load_content(const char *path, int size, SolImage **image)
{
    SolImage *loaded = NULL;
    int result = sol_image_load(&loaded, path), width, height, side;
    if (result != SOL_OK)
        return result;
    width = sol_image_width(loaded);
    height = sol_image_height(loaded);
    side = width < height ? width : height;
    if (size == 0 || size == side) {
        *image = loaded;
        return SOL_OK;
    }
    result = sol_image_scale(image, loaded, (int)fmax(1, round((double)width * size / side)),
                             (int)fmax(1, round((double)height * size / side)));
    sol_image_unref(&loaded);
    return result;
}

/* Refuses options of painting by optimisation where the engine paints otherwise. */
static int check_method(const SolEngine *engine, const Wishes *wishes)
{
    const char *option = given_optimise_option(&wishes->optimising), *method = sol_engine_method(engine);
    if (!option || strcmp(method, "gatys") == 0)
        return SOL_OK;
    return sol_fail(SOL_ERR_ARGUMENT, "stylize: %s is for painting by optimisation, and this is \"%s\"; add --method "
                    "gatys", option, method);
}

/* Whether Ctrl-C was pressed while there was nothing yet to keep. */
static bool is_lost(const Wishes *wishes)
{
    return was_interrupted(NULL) && wishes->optimising.count == 0;
}

static int make_painting(const char *content, Wishes *wishes, SolModel *model, SolImage **painting)
{
    const SolEngineOptions options = {
        .threads = (int)wishes->threads, .precision = (SolPrecision)wishes->precision.value, .memory = wishes->memory,
        .method = wishes->method, .optimise = &wishes->optimising.options,
        .level_strength = wishes->levels.count > 0 ? wishes->levels.strength : NULL, .levels = wishes->levels.count};
    SolEngine *engine = NULL;
    SolStyle *style = NULL;
    SolImage *image = NULL;
    int result = sol_engine_open(&engine, model, &options);
    if (result == SOL_OK && wishes->styles.count == 0 && sol_engine_learns(engine))
        result = sol_fail(SOL_ERR_ARGUMENT, "stylize: no style given; add --style IMAGE");
    if (result == SOL_OK)
        result = load_content(content, (int)wishes->size, &image);
    if (result == SOL_OK)
        result = check_method(engine, wishes);
    if (result == SOL_OK)
        result = open_style(engine, wishes, image, &style);
    if (result == SOL_OK)
        result = sol_engine_plan(engine, sol_image_width(image), sol_image_height(image));
    if (result == SOL_OK)
        result = sol_engine_paint(engine, style, (float)wishes->strength, image, painting);
    if (result == SOL_OK && wishes->color.value == SOL_COLOR_LUMINANCE)
        sol_image_take_chroma(*painting, image);
    if (result == SOL_OK && wishes->optimising.failure != SOL_OK)
        result = wishes->optimising.failure;
    if (result == SOL_OK && is_lost(wishes))
        result = sol_fail(SOL_ERR_CANCELLED, "interrupted");
    sol_style_close(&style);
    sol_engine_close(&engine); /* its memory is free for the encoder's */
    sol_image_unref(&image);
    return result;
}

static void print_painting(const Wishes *wishes, const SolImage *painting)
{
    const Optimising *o = &wishes->optimising;
    printf("%s: %dx%d", wishes->output, sol_image_width(painting), sol_image_height(painting));
    if (o->count > 0)
        printf(", %d iterations in %.1f seconds", o->points[o->count - 1].iteration, o->points[o->count - 1].seconds);
    printf("\n");
}

static int paint(const char *content, Wishes *wishes, SolModel *model)
{
    const Optimising *optimising = &wishes->optimising;
    SolImage *painting = NULL;
    int result;
    catch_interrupts();
    result = make_painting(content, wishes, model, &painting);
    if (result == SOL_OK)
        result = sol_image_save(painting, wishes->output, wishes->overwrite);
    if (result == SOL_OK)
        result = write_curves(optimising);
    if (result == SOL_OK && was_interrupted(NULL))
        complain("interrupted after %d of %d iterations; %s is the best picture so far",
                 optimising->points[optimising->count - 1].iteration, optimising->planned, wishes->output);
    else if (result == SOL_OK)
        print_painting(wishes, painting);
    sol_image_unref(&painting);
    return result != SOL_OK ? report_failure(result) : was_interrupted(NULL) ? EXIT_INTERRUPTED : EXIT_DONE;
}

static int check_wishes(Wishes *wishes)
{
    if (!wishes->output)
        complain("stylize: no output given; add -o OUT.png");
    else if (!sol_path_has_extension(wishes->output, "png jpg jpeg"))
        complain("stylize: -o %s: must end in .png, .jpg or .jpeg", wishes->output);
    else if (!wishes->overwrite && sol_path_exists(wishes->output))
        return report_failure(sol_fail_exists(wishes->output));
    else
        return prepare_optimising(&wishes->optimising, wishes->output, wishes->overwrite);
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    Wishes wishes = {.strength = 1, .precision = {SOL_PRECISION_AUTO, precision_choice},
                     .color = {SOL_COLOR_STYLE, color_choice}};
    TextList operands = {0};
    SolModel *model = NULL;
    const Option own[] = {
        {"style", 's', OPTION_MANY, &wishes.styles, 0, 0},
        {"weights", 0, OPTION_TEXT, &wishes.weights, 0, 0},
        {"strength", 0, OPTION_NUMBER, &wishes.strength, 0, 1},
        {"levels", 0, OPTION_LEVELS, &wishes.levels, 0, 0},
        {"size", 0, OPTION_INT, &wishes.size, 64, 8192},
        {"model", 0, OPTION_MODEL, &wishes.model, 0, 0},
        {"method", 0, OPTION_METHOD, &wishes.method, 0, 0},
        {"color", 0, OPTION_CHOICE, &wishes.color, 0, 0},
        {"precision", 0, OPTION_CHOICE, &wishes.precision, 0, 0},
        {"memory", 0, OPTION_MEMORY, &wishes.memory, 0, 0},
        {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"output", 'o', OPTION_FILE, &wishes.output, 0, 0},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
    };
    Option options[sizeof own / sizeof own[0] + OPTIMISE_OPTIONS + 1] = {{0}};
    int status;
    begin_optimising(&wishes.optimising);
    memcpy(options, own, sizeof own);
    add_optimise_options(&wishes.optimising, options + sizeof own / sizeof own[0]);
    status = read_arguments(&sol_command_stylize, argc, argv, options, &operands, 1, 1);
    if (status < 0 && (status = check_wishes(&wishes)) == 0 &&
        (status = open_model(wishes.model, wishes.method, &model)) == 0)
        status = paint(operands.items[0], &wishes, model);
    sol_model_close(&model);
    end_optimising(&wishes.optimising);
    free(operands.items);
    free(wishes.styles.items);
    return status;
}

const Command sol_command_stylize = {
    .name = "stylize",
    .arguments = "CONTENT [--style IMAGE...] -o OUT.png [OPTION ...]",
    .summary = "paint one picture",
    .help = "Paints the picture CONTENT in the style of one image, or of several blended.\n\n"
            "  -s, --style IMAGE... one or several style images; none for a model that has one style of its own\n"
            "      --weights A,B,.. how much each style counts; equally where it is not given\n"
            "      --strength X     how far the style is taken; from 0 (the content's own statistics; of a model with\n"
            "                       one style, the content itself) to 1 (the style's), default 1\n"
            "      --levels A,B,..  of a wct model: the strength of each of its levels, the deepest first, times X; a\n"
            "                       level of 0 is not run\n"
            "      --size N         paint with N pixels on the shorter side; as it is where it is not given\n"
            "      --model M        paint with this model: a name (\"solstice models\") or a .safetensors file\n"
            "      --method NAME    paint by this method; the model's own where it is not given. \"gatys\" paints by\n"
            "                       optimisation with any model, slowly and closely; the options below are its own\n"
            "      --color WHOSE    colours: the style's (style), the content's (content), or each pixel's own, with\n"
            "                       the painting's luminance (luminance)\n"
            "      --precision P    compute in float32, bfloat16, or auto (the default), which picks for each layer\n"
            "      --memory SIZE    paint within this much memory, in tiles where that is needed: 2GiB for example;\n"
            "                       half of the machine's where it is not given\n"
            "      --threads N      use N threads; as many as there are processors where it is not given\n"
            "  -o, --output FILE    the painting: .png or .jpg\n"
            "      --overwrite      replace FILE where it exists\n\n"
            "Painting by optimisation (docs/gatys.md has the formulas). Ctrl-C writes the best picture so far.\n\n"
            "      --iterations N   so many; default 300, of all levels together\n"
            "      --content-layers, --style-layers NAME[=WEIGHT],..\n"
            "                       layers that are compared, and how much each counts; by default those of the papers\n"
            "      --content-weight X, --style-weight X, --tv-weight X\n"
            "                       what content, style and smoothness count; default 1, 1000 and 30\n"
            "      --statistics S   of style layers: gram (the default), or moments\n"
            "      --optimizer O    lbfgs (the default), or adam\n"
            "      --init I         begin with the content (the default), the style, or noise\n"
            "      --seed N         of the noise; default 0\n"
            "      --pyramid N      levels of the picture's pyramid, 1 to 6; by default as many as suit the size\n"
            "      --time-limit S   end after about S seconds\n"
            "      --save-every N   write OUT-0050.png and so on, too, every N iterations\n"
            "      --loss FILE      write the curve of the loss, as .csv or .svg; may be given again\n",
    .files = SOL_IMAGE_FILES,
    .run = run,
};
