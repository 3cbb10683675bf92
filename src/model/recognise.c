/* SPDX-License-Identifier: Apache-2.0
 *
 * One table of the networks that are known: what tells each by its tensors, and what these are called in its model.
 */
#include "model/recognise.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Files {
    SolCheckpoint *const *items;
    size_t count;
} Files;

/* A network that is known. */
typedef struct Network {
    const char *architecture, *what;
    bool one_of_many;
    bool is_hwio; /* as SolTaken's */

    /** Whether the files make it up, or parts of it. */
    bool (*fits)(const Files *files);

    /** Refuses files of which parts are missing; NULL where that cannot be. */
    int (*check)(const Files *files);

    /** A tensor's name in the model, freed with free(); NULL in *name: it is dropped. False: memory ran out. */
    bool (*rename)(const SolCheckpoint *file, const SolStored *tensor, char **name);
} Network;

/* Whether the file has a tensor of this name and shape. */
static bool has(const SolCheckpoint *file, const char *name, int rank, const size_t shape[])
{
    const SolStored *tensor = sol_checkpoint_find(file, name);
    return tensor && tensor->rank == rank && memcmp(tensor->shape, shape, (size_t)rank * sizeof *shape) == 0;
}

/* Whether it has the weights of this convolution, in the order of PyTorch. */
static bool has_conv(const SolCheckpoint *file, const char *name, size_t out, size_t in, size_t kernel)
{
    return has(file, name, 4, (const size_t[]){out, in, kernel, kernel});
}

static bool keep_name(const SolStored *tensor, char **name)
{
    *name = sol_copy(tensor->name);
    return *name != NULL;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* ---- VGG of torchvision ---- */

static bool is_vgg(const Files *files)
{
    return files->count == 1 && has_conv(files->items[0], "features.0.weight", 64, 3, 3) &&
           has_conv(files->items[0], "features.5.weight", 128, 64, 3) &&
           has_conv(files->items[0], "features.28.weight", 512, 512, 3);
}

static bool is_vgg16(const Files *files)
{
    return is_vgg(files) && has_conv(files->items[0], "features.26.weight", 512, 512, 3);
}

static bool is_vgg19(const Files *files)
{
    return is_vgg(files) && has_conv(files->items[0], "features.34.weight", 512, 512, 3);
}

/* The classifier is dropped. */
static bool rename_vgg(const SolCheckpoint *file, const SolStored *tensor, char **name)
{
    (void)file;
    return !begins_with(tensor->name, "features.") || keep_name(tensor, name);
}

/* ---- AdaIN of pytorch-AdaIN: a sequential encoder, and a sequential decoder ---- */

static bool is_adain_encoder(const SolCheckpoint *file)
{
    return has_conv(file, "0.weight", 3, 3, 1) && has_conv(file, "2.weight", 64, 3, 3) &&
           has_conv(file, "29.weight", 512, 256, 3);
}

static bool is_adain_decoder(const SolCheckpoint *file)
{
    return has_conv(file, "1.weight", 256, 512, 3) && has_conv(file, "28.weight", 3, 64, 3);
}

static bool is_adain(const Files *files)
{
    return files->count == 2 && ((is_adain_encoder(files->items[0]) && is_adain_decoder(files->items[1])) ||
                                 (is_adain_encoder(files->items[1]) && is_adain_decoder(files->items[0])));
}

/* The convolutions' places in the two sequences, and their names in models/vgg19.json. The rest is dropped. */
static bool rename_adain(const SolCheckpoint *file, const SolStored *tensor, char **name)
{
    static const struct {
        const char *place, *layer;
    } encoder[] = {{"0.", "conv0"},    {"2.", "conv1_1"},  {"5.", "conv1_2"},  {"9.", "conv2_1"},  {"12.", "conv2_2"},
                   {"16.", "conv3_1"}, {"19.", "conv3_2"}, {"22.", "conv3_3"}, {"25.", "conv3_4"}, {"29.", "conv4_1"}},
      decoder[] = {{"1.", "conv4_1"},  {"5.", "conv3_4"},  {"8.", "conv3_3"},  {"11.", "conv3_2"}, {"14.", "conv3_1"},
                   {"18.", "conv2_2"}, {"21.", "conv2_1"}, {"25.", "conv1_2"}, {"28.", "conv1_1"}};
    bool encodes = is_adain_encoder(file);
    size_t count = encodes ? sizeof encoder / sizeof *encoder : sizeof decoder / sizeof *decoder;
    for (size_t i = 0; i < count; i++) {
        const char *place = encodes ? encoder[i].place : decoder[i].place;
        if (!begins_with(tensor->name, place))
            continue;
        *name = sol_format("%s.%s.%s", encodes ? "encoder" : "decoder", encodes ? encoder[i].layer : decoder[i].layer,
                           tensor->name + strlen(place));
        return *name != NULL;
    }
    return true;
}

/* ---- the distilled VGG-19 of Collaborative Distillation ---- */

enum { LEVELS = 5 };

/* Which part a file is: an encoder to, or a decoder from, the first layer of this level; 0: none. */
static int level_of(const SolCheckpoint *file, bool *encodes)
{
    const SolStored *first = sol_checkpoint_find(file, "conv11.weight");
    *encodes = has_conv(file, "conv0.weight", 3, 3, 1);
    if (!first || first->rank != 4 || first->shape[2] != 3 || first->shape[*encodes ? 0 : 1] > 24 ||
        first->shape[*encodes ? 1 : 0] != 3)
        return 0;
    for (int level = LEVELS; level > 1; level--) {
        char name[32];
        snprintf(name, sizeof name, "conv%d1.weight", level);
        if (sol_checkpoint_find(file, name))
            return level;
    }
    return 1;
}

static bool is_distilled(const Files *files)
{
    bool encodes;
    for (size_t i = 0; i < files->count; i++)
        if (level_of(files->items[i], &encodes) == 0)
            return false;
    return true;
}

static bool is_distilled_encoder(const Files *files)
{
    bool encodes;
    return files->count == 1 && level_of(files->items[0], &encodes) == LEVELS && encodes;
}

static int check_distilled(const Files *files)
{
    const SolCheckpoint *parts[2][LEVELS + 1] = {{NULL}};
    char missing[256] = "";
    for (size_t i = 0; i < files->count; i++) {
        bool encodes;
        int level = level_of(files->items[i], &encodes);
        if (parts[encodes][level])
            return sol_fail(SOL_ERR_FORMAT, "%s and %s: both are the %s of level %d",
                            sol_checkpoint_path(parts[encodes][level]), sol_checkpoint_path(files->items[i]),
                            encodes ? "encoder" : "decoder", level);
        parts[encodes][level] = files->items[i];
    }
    for (int level = 1; level <= LEVELS; level++)
        for (int encodes = 1; encodes >= 0; encodes--) {
            size_t used = strlen(missing);
            if (!parts[encodes][level])
                snprintf(missing + used, sizeof missing - used, "%s%s %d", used ? ", " : "",
                         encodes ? "encoder" : "decoder", level);
        }
    return *missing ? sol_fail(SOL_ERR_FORMAT, "the distilled VGG-19 is five encoders and five decoders; missing: %s",
                               missing)
                    : SOL_OK;
}

/* "e5.conv11.weight" of encoder 5, "d5.conv11.weight" of decoder 5. */
static bool rename_distilled(const SolCheckpoint *file, const SolStored *tensor, char **name)
{
    bool encodes;
    int level = level_of(file, &encodes);
    *name = sol_format("%c%d.%s", encodes ? 'e' : 'd', level, tensor->name);
    return *name != NULL;
}

static bool rename_all(const SolCheckpoint *file, const SolStored *tensor, char **name)
{
    (void)file;
    return keep_name(tensor, name);
}

/* ---- transform networks: one set of weights a style ---- */

static bool is_johnson(const Files *files)
{
    return files->count == 1 && has_conv(files->items[0], "conv1.conv2d.weight", 32, 3, 9) &&
           has_conv(files->items[0], "res5.conv2.conv2d.weight", 128, 128, 3) &&
           has_conv(files->items[0], "deconv3.conv2d.weight", 3, 32, 9) &&
           has(files->items[0], "in1.weight", 1, (const size_t[]){32});
}

/* Files before PyTorch 0.4 carry statistics of the training, which are never used. */
static bool rename_johnson(const SolCheckpoint *file, const SolStored *tensor, char **name)
{
    (void)file;
    return ends_with(tensor->name, ".running_mean") || ends_with(tensor->name, ".running_var") ||
           ends_with(tensor->name, ".num_batches_tracked") || keep_name(tensor, name);
}

/* TensorFlow's variables without names of their own. */
static bool is_transform_tf(const Files *files)
{
    return files->count == 1 && has(files->items[0], "Variable", 4, (const size_t[]){9, 9, 3, 32}) &&
           has(files->items[0], "Variable_39", 4, (const size_t[]){3, 3, 64, 128}) &&
           has(files->items[0], "Variable_45", 4, (const size_t[]){9, 9, 32, 3});
}

/*
 * The variables' order is that of the layers: of each the weights, then its norm's shift and scale. The optimiser's
 * variables, which come after the network's 48, are dropped.
 */
static bool rename_transform_tf(const SolCheckpoint *file, const SolStored *tensor, char **name)
{
    static const struct {
        const char *conv, *norm;
    } layers[] = {{"conv1", "in1"},           {"conv2", "in2"},           {"conv3", "in3"},
                  {"res1.conv1", "res1.in1"}, {"res1.conv2", "res1.in2"}, {"res2.conv1", "res2.in1"},
                  {"res2.conv2", "res2.in2"}, {"res3.conv1", "res3.in1"}, {"res3.conv2", "res3.in2"},
                  {"res4.conv1", "res4.in1"}, {"res4.conv2", "res4.in2"}, {"res5.conv1", "res5.in1"},
                  {"res5.conv2", "res5.in2"}, {"deconv1", "in4"},         {"deconv2", "in5"},
                  {"conv4", "in6"}};
    enum { PARTS = 3, VARIABLES = PARTS * sizeof layers / sizeof *layers };
    static const char *const parts[PARTS] = {"weight", "bias", "weight"};
    const char *number = tensor->name + strlen("Variable");
    int64_t n = 0;
    (void)file;
    if (!begins_with(tensor->name, "Variable") ||
        (*number && (*number != '_' || !sol_parse_int(number + 1, 1, VARIABLES - 1, &n))))
        return true;
    *name = sol_format("%s.%s", n % PARTS == 0 ? layers[n / PARTS].conv : layers[n / PARTS].norm, parts[n % PARTS]);
    return *name != NULL;
}

static bool is_sanakoyeu(const Files *files)
{
    return files->count == 1 && sol_checkpoint_find(files->items[0], "encoder/g_e1_c/Conv/weights") &&
           sol_checkpoint_find(files->items[0], "decoder/g_pred_c/Conv/weights");
}

/* "encoder.g_e1_c.weight" of "encoder/g_e1_c/Conv/weights", and so on. The discriminator's and the optimiser's are
   dropped. */
static bool rename_sanakoyeu(const SolCheckpoint *file, const SolStored *tensor, char **name)
{
    static const char *const parts[][2] = {{"/conv2d/Conv/weights", "weight"}, {"/Conv/weights", "weight"},
                                           {"/scale", "weight"}, {"/offset", "bias"}};
    const char *layer = tensor->name + strlen("encoder/"), *part;
    (void)file;
    if ((!begins_with(tensor->name, "encoder/") && !begins_with(tensor->name, "decoder/")) ||
        !(part = strchr(layer, '/')))
        return true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(part, parts[i][0]) == 0) {
            *name = sol_format("%.7s.%.*s.%s", tensor->name, (int)(part - layer), layer, parts[i][1]);
            return *name != NULL;
        }
    return true;
}

/* ---- all ---- */

static const Network networks[] = {
    {.architecture = "vgg16-features", .what = "torchvision's VGG-16", .fits = is_vgg16, .rename = rename_vgg},
    {.architecture = "vgg19-features", .what = "torchvision's VGG-19", .fits = is_vgg19, .rename = rename_vgg},
    {.architecture = "vgg19", .what = "AdaIN's VGG-19 and decoder", .fits = is_adain, .rename = rename_adain},
    {.architecture = "vgg19-distilled-features", .what = "the distilled VGG-19's encoder", .fits = is_distilled_encoder,
     .rename = rename_all},
    {.architecture = "vgg19-distilled-wct", .what = "the distilled VGG-19 with decoders", .fits = is_distilled,
     .check = check_distilled, .rename = rename_distilled},
    {.architecture = "transform-johnson", .what = "a transform network of PyTorch's examples", .one_of_many = true,
     .fits = is_johnson, .rename = rename_johnson},
    {.architecture = "transform-tf", .what = "a transform network of TensorFlow", .one_of_many = true,
     .is_hwio = true, .fits = is_transform_tf, .rename = rename_transform_tf},
    {.architecture = "transform-sanakoyeu", .what = "a network of adaptive-style-transfer", .one_of_many = true,
     .is_hwio = true, .fits = is_sanakoyeu, .rename = rename_sanakoyeu},
};

/* What a user says it is, where the tensors are named as its architecture says already. */
static const Network as_it_is = {.what = "", .one_of_many = true, .rename = rename_all};

static const Network *find_network(const Files *files, const char *architecture)
{
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if ((!architecture || strcmp(networks[i].architecture, architecture) == 0) && networks[i].fits(files))
            return &networks[i];
    return architecture ? &as_it_is : NULL;
}

static int unknown(const Files *files)
{
    const SolStored *first = sol_checkpoint_at(files->items[0], 0);
    char shape[192] = "";
    if (!first)
        return sol_fail(SOL_ERR_FORMAT, "%s: it has no tensors", sol_checkpoint_path(files->items[0]));
    for (int i = 0; i < first->rank; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), i ? "x%zu" : "%zu", first->shape[i]);
    return sol_fail(SOL_ERR_FORMAT,
                    "%s%s: the network is not known by its tensors (the first: \"%s\", %s); name it with "
                    "--architecture",
                    sol_checkpoint_path(files->items[0]), files->count > 1 ? " and the others" : "",
                    first->name, shape);
}

static int compare_taken(const void *a, const void *b)
{
    return strcmp(((const SolTaken *)a)->name, ((const SolTaken *)b)->name);
}

/* Takes the file's tensors that are weights, under their names in the model. */
static int take(SolRecognised *recognised, const Network *network, SolCheckpoint *file)
{
    const SolStored *tensor;
    for (size_t i = 0; (tensor = sol_checkpoint_at(file, i)); i++) {
        SolTaken taken = {.file = file, .tensor = tensor, .is_hwio = network->is_hwio};
        if (!sol_dtype_is_weight(tensor->dtype))
            continue;
        if (!network->rename(file, tensor, &taken.name) ||
            !sol_grow((void **)&recognised->tensors, &recognised->capacity, recognised->count + 1, sizeof taken)) {
            free(taken.name);
            return sol_fail_memory("a model's tensors");
        }
        if (taken.name)
            recognised->tensors[recognised->count++] = taken;
    }
    return SOL_OK;
}

int sol_recognise(SolRecognised *recognised, SolCheckpoint *const items[], size_t count, const char *architecture)
{
    const Files files = {items, count};
    const Network *network = find_network(&files, architecture);
    int result;
    *recognised = (SolRecognised){0};
    if (!network)
        return unknown(&files);
    recognised->architecture = architecture ? architecture : network->architecture;
    recognised->what = network->what;
    recognised->one_of_many = network->one_of_many;
    result = network->check ? network->check(&files) : SOL_OK;
    for (size_t i = 0; i < count && result == SOL_OK; i++)
        result = take(recognised, network, items[i]);
    if (result == SOL_OK && recognised->count > 0)
        qsort(recognised->tensors, recognised->count, sizeof *recognised->tensors, compare_taken);
    for (size_t i = 1; i < recognised->count && result == SOL_OK; i++)
        if (compare_taken(&recognised->tensors[i - 1], &recognised->tensors[i]) == 0)
            result = sol_fail(SOL_ERR_FORMAT, "%s and %s both have a tensor \"%s\"",
                              sol_checkpoint_path(recognised->tensors[i - 1].file),
                              sol_checkpoint_path(recognised->tensors[i].file), recognised->tensors[i].name);
    return result;
}

void sol_recognised_clear(SolRecognised *recognised)
{
    for (size_t i = 0; i < recognised->count; i++)
        free(recognised->tensors[i].name);
    free(recognised->tensors);
    *recognised = (SolRecognised){0};
}
