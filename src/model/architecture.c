/* SPDX-License-Identifier: Apache-2.0
 *
 * From JSON to a graph. One table names every operator's keys and the function that reads them; what a
 * layer's inputs must be like is the graph's own business (nn/graph.c).
 */
#include "model/architecture.h"

#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "nn/ops.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, IMAGE_CHANNELS = 3, MAX_MARGIN = 256 };

/* What a layer is read into and from. */
typedef struct Reader {
    SolGraph *graph;
    const SolTensors *tensors;
    SolTensors *made;       /* where missing tensors are added, the same set; NULL: they are an error */
    uint64_t random;        /* state of the random numbers they are made of */
    json_t *object;         /* the layer */
    SolLayer layer;
    float *scale, *offset;  /* of an affine layer, until the graph has copied them */
} Reader;

/* ---- values ---- */

/* Refuses keys of `object` that are not in `keys` (NULL-terminated). */
static int check_keys(json_t *object, const char *const keys[])
{
    const char *key;
    json_t *unused;
    json_object_foreach(object, key, unused) {
        const char *nearest;
        size_t i = 0;
        while (keys[i] && strcmp(keys[i], key) != 0)
            i++;
        if (keys[i])
            continue;
        nearest = sol_nearest(key, keys);
        return nearest ? sol_fail(SOL_ERR_FORMAT, "\"%s\" is not understood; did you mean \"%s\"?", key, nearest)
                       : sol_fail(SOL_ERR_FORMAT, "\"%s\" is not understood", key);
    }
    return SOL_OK;
}

/* The text under `key`; `fallback` where it is absent, an error where that is NULL. */
static int get_text(json_t *object, const char *key, const char *fallback, const char **text)
{
    json_t *value = json_object_get(object, key);
    if (!value && !fallback)
        return sol_fail(SOL_ERR_FORMAT, "\"%s\" is missing", key);
    if (value && (!json_is_string(value) || json_string_length(value) == 0))
        return sol_fail(SOL_ERR_FORMAT, "\"%s\" must be a text", key);
    *text = value ? json_string_value(value) : fallback;
    return SOL_OK;
}

/* The positive integer under `key`; `fallback` where it is absent, an error where that is 0. */
static int get_int(json_t *object, const char *key, int fallback, int *number)
{
    json_t *value = json_object_get(object, key);
    if (!value && fallback == 0)
        return sol_fail(SOL_ERR_FORMAT, "\"%s\" is missing", key);
    if (value && (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > INT_MAX))
        return sol_fail(SOL_ERR_FORMAT, "\"%s\" must be a whole number, 1 or more", key);
    *number = value ? (int)json_integer_value(value) : fallback;
    return SOL_OK;
}

static int get_bool(json_t *object, const char *key, bool fallback, bool *answer)
{
    json_t *value = json_object_get(object, key);
    if (value && !json_is_boolean(value))
        return sol_fail(SOL_ERR_FORMAT, "\"%s\" must be true or false", key);
    *answer = value ? json_is_true(value) : fallback;
    return SOL_OK;
}

/* A number for each of `channels`, from one number or a list under `key`; freed with sol_free(). */
static int get_numbers(json_t *object, const char *key, double fallback, int channels, float **numbers)
{
    json_t *value = json_object_get(object, key);
    float *list;
    if (json_is_array(value) && json_array_size(value) != (size_t)channels)
        return sol_fail(SOL_ERR_FORMAT, "\"%s\" has %zu numbers for %d channels", key, json_array_size(value),
                        channels);
    list = sol_alloc((size_t)channels, sizeof *list);
    if (!list)
        return sol_fail_memory("a layer");
    for (int c = 0; c < channels; c++) {
        json_t *item = json_is_array(value) ? json_array_get(value, (size_t)c) : value;
        list[c] = (float)(item ? json_number_value(item) : fallback);
        if ((item && !json_is_number(item)) || !isfinite(list[c])) {
            sol_free(list);
            return sol_fail(SOL_ERR_FORMAT, "\"%s\" must be a number, or a list of one for each channel", key);
        }
    }
    *numbers = list;
    return SOL_OK;
}

static int no_such_layer(const SolGraph *graph, const char *name)
{
    int count = sol_graph_count(graph);
    const char **names = sol_calloc((size_t)count, sizeof *names), *nearest;
    if (!names)
        return sol_fail_memory("a message");
    for (int i = 1; i < count; i++) /* node 0, the raw image, is not a layer's to use */
        names[i - 1] = sol_graph_node(graph, i)->name;
    nearest = sol_nearest(name, names);
    sol_free(names);
    return nearest ? sol_fail(SOL_ERR_FORMAT, "no earlier layer is called \"%s\"; did you mean \"%s\"?", name, nearest)
                   : sol_fail(SOL_ERR_FORMAT, "no earlier layer is called \"%s\"", name);
}

static int get_layer(const SolGraph *graph, const char *name, int *node)
{
    int found = sol_graph_find(graph, name);
    if (found <= 0)
        return no_such_layer(graph, name);
    *node = found;
    return SOL_OK;
}

/* ---- operators ---- */

static int input_channels(const Reader *reader)
{
    return sol_graph_node(reader->graph, reader->layer.inputs[0])->channels;
}

static void write_shape(char *text, size_t size, const size_t shape[], int rank)
{
    int used = 0;
    text[0] = '\0';
    for (int i = 0; i < rank && used >= 0 && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, i ? "x%zu" : "%zu", shape[i]);
}

/* How many inputs an output of the layer sums over; of a transposed convolution every other one along either side. */
static size_t fan_in(const Reader *reader, const size_t shape[])
{
    return reader->layer.op == SOL_OP_CONV_TRANSPOSE ? (shape[0] * shape[2] * shape[3] + 3) / 4
                                                     : shape[1] * shape[2] * shape[3];
}

/* Adds a tensor that is missing: a bias of zeros, a gain of ones, or weights of variance 2 / inputs before a ReLU,
   which keeps the mean square of what passes (He et al. 2015), and 1 / inputs elsewhere; uniform numbers, of 53 random
   bits. All operations are exact or correctly rounded, sqrt() too: every machine gets the same bits. */
static int make_tensor(Reader *reader, const char *name, const char *part, const size_t shape[], int rank,
                       const float **made)
{
    size_t inputs = rank == 4 ? fan_in(reader, shape) : 0, count;
    float alike = strcmp(part, "weight") == 0 ? 1 : 0;
    double bound = inputs > 0 ? sqrt((reader->layer.relu ? 6.0 : 3.0) / (double)inputs) : 0;
    float *data = NULL;
    int result = sol_tensors_add(reader->made, name, shape, rank, &data);
    if (result != SOL_OK)
        return result;
    count = sol_tensors_find(reader->made, name)->count;
    for (size_t i = 0; i < count; i++)
        data[i] = inputs > 0 ? (float)(bound * ((double)(sol_random(&reader->random) >> 11) * 0x1p-52 - 1)) : alike;
    *made = data;
    return SOL_OK;
}

/* The data of tensor PREFIX.part, which must have the given shape. */
static int get_tensor(Reader *reader, const char *prefix, const char *part, const size_t shape[], int rank,
                      const float **data)
{
    char *name = sol_format("%s.%s", prefix, part), got[192], wanted[192];
    const SolTensor *tensor;
    int result = SOL_OK;
    if (!name)
        return sol_fail_memory("a tensor's name");
    tensor = sol_tensors_find(reader->tensors, name);
    if (!tensor && reader->made) {
        result = make_tensor(reader, name, part, shape, rank, data);
    } else if (!tensor) {
        result = sol_fail(SOL_ERR_FORMAT, "the file has no tensor \"%s\"", name);
    } else if (tensor->rank != rank || memcmp(tensor->shape, shape, (size_t)rank * sizeof *shape) != 0) {
        write_shape(got, sizeof got, tensor->shape, tensor->rank);
        write_shape(wanted, sizeof wanted, shape, rank);
        result = sol_fail(SOL_ERR_FORMAT, "tensor \"%s\" is %s, where the layer needs %s", name, got, wanted);
    } else {
        *data = tensor->data;
    }
    free(name);
    return result;
}

/* The word under `key`, as its place in `words` (NULL-terminated); the first of them where it is absent. */
static int get_word(json_t *object, const char *key, const char *const words[], int *place)
{
    const char *word = NULL;
    char known[128] = "";
    int result = get_text(object, key, words[0], &word), found = 0;
    if (result != SOL_OK)
        return result;
    while (words[found] && strcmp(words[found], word) != 0)
        found++;
    if (words[found]) {
        *place = found;
        return SOL_OK;
    }
    for (int i = 0; words[i]; i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s\"%s\"",
                 i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    return sol_fail(SOL_ERR_FORMAT, "\"%s\" must be %s, not \"%s\"", key, known, word);
}

/* What layers that convolve have in common: the tensors' prefix, whether there is a bias, and the layer's own. */
static int get_convolution(Reader *reader, const char **prefix, bool *bias)
{
    SolLayer *layer = &reader->layer;
    int result = get_text(reader->object, "tensors", NULL, prefix);
    if (result == SOL_OK)
        result = get_int(reader->object, "channels", 0, &layer->channels);
    if (result == SOL_OK)
        result = get_int(reader->object, "kernel", 3, &layer->kernel);
    if (result == SOL_OK)
        result = get_bool(reader->object, "relu", false, &layer->relu);
    return result == SOL_OK ? get_bool(reader->object, "bias", true, bias) : result;
}

static int read_conv(Reader *reader)
{
    static const char *const borders[] = {
        [SOL_BORDER_REFLECT] = "reflect", [SOL_BORDER_ZERO] = "zero", [SOL_BORDER_SAME] = "same",
        [SOL_BORDER_VALID] = "valid", NULL};
    SolLayer *layer = &reader->layer;
    const char *prefix = NULL;
    bool bias = true;
    int border = 0, result = get_convolution(reader, &prefix, &bias);
    size_t shape[4];
    if (result == SOL_OK)
        result = get_word(reader->object, "border", borders, &border);
    if (result == SOL_OK)
        result = get_int(reader->object, "stride", 1, &layer->stride);
    if (result != SOL_OK)
        return result;
    layer->border = (SolBorder)border;
    shape[0] = (size_t)layer->channels;
    shape[1] = (size_t)input_channels(reader);
    shape[2] = shape[3] = (size_t)layer->kernel;
    result = get_tensor(reader, prefix, "weight", shape, 4, &layer->weights);
    if (result == SOL_OK && bias)
        result = get_tensor(reader, prefix, "bias", shape, 1, &layer->bias);
    return result;
}

static int read_conv_transpose(Reader *reader)
{
    SolLayer *layer = &reader->layer;
    const char *prefix = NULL;
    bool bias = true;
    int result = get_convolution(reader, &prefix, &bias);
    size_t shape[4] = {(size_t)input_channels(reader), (size_t)layer->channels, (size_t)layer->kernel,
                       (size_t)layer->kernel};
    if (result == SOL_OK)
        result = get_tensor(reader, prefix, "weight", shape, 4, &layer->weights);
    if (result == SOL_OK && bias)
        result = get_tensor(reader, prefix, "bias", &shape[1], 1, &layer->bias);
    return result;
}

static int read_instance_norm(Reader *reader)
{
    SolLayer *layer = &reader->layer;
    json_t *epsilon = json_object_get(reader->object, "epsilon");
    size_t channels = (size_t)input_channels(reader);
    const char *prefix = NULL;
    int result = get_text(reader->object, "tensors", NULL, &prefix);
    layer->epsilon = epsilon ? json_number_value(epsilon) : SOL_MOMENTS_EPSILON;
    if (result == SOL_OK && !(layer->epsilon > 0 && isfinite(layer->epsilon)))
        result = sol_fail(SOL_ERR_FORMAT, "\"epsilon\" must be a number above 0");
    if (result == SOL_OK)
        result = get_bool(reader->object, "relu", false, &layer->relu);
    if (result == SOL_OK)
        result = get_tensor(reader, prefix, "weight", &channels, 1, &layer->weights);
    return result == SOL_OK ? get_tensor(reader, prefix, "bias", &channels, 1, &layer->bias) : result;
}

static int read_upsample(Reader *reader)
{
    static const char *const modes[] = {"nearest", "bilinear", NULL};
    int mode = 0, result = get_word(reader->object, "mode", modes, &mode);
    reader->layer.bilinear = mode == 1;
    return result;
}

static int read_pad(Reader *reader)
{
    return get_int(reader->object, "pixels", 0, &reader->layer.pixels);
}

static int read_affine(Reader *reader)
{
    int result = get_numbers(reader->object, "scale", 1, input_channels(reader), &reader->scale);
    if (result == SOL_OK)
        result = get_numbers(reader->object, "offset", 0, input_channels(reader), &reader->offset);
    reader->layer.scale = reader->scale;
    reader->layer.offset = reader->offset;
    return result;
}

static int read_adain(Reader *reader)
{
    const char *style = NULL;
    int result = get_text(reader->object, "style", NULL, &style);
    return result == SOL_OK ? get_layer(reader->graph, style, &reader->layer.tap) : result;
}

static int read_wct(Reader *reader)
{
    json_t *strength = json_object_get(reader->object, "strength");
    int result = read_adain(reader);
    if (result == SOL_OK && strength && !json_is_number(strength))
        return sol_fail(SOL_ERR_FORMAT, "\"strength\" must be a number from 0 to 1");
    reader->layer.strength = strength ? (float)json_number_value(strength) : 1;
    return result;
}

static int read_nothing(Reader *reader)
{
    (void)reader;
    return SOL_OK;
}

/* What layers of an operator are written like. Operators without a `read` cannot be written. */
static const struct {
    int (*read)(Reader *reader);
    const char *keys[11];
} operators[SOL_OP_COUNT] = {
    [SOL_OP_CONV] = {read_conv,
                     {"name", "op", "inputs", "tensors", "channels", "kernel", "stride", "border", "relu", "bias"}},
    [SOL_OP_CONV_TRANSPOSE] = {read_conv_transpose,
                               {"name", "op", "inputs", "tensors", "channels", "kernel", "relu", "bias"}},
    [SOL_OP_INSTANCE_NORM] = {read_instance_norm, {"name", "op", "inputs", "tensors", "epsilon", "relu"}},
    [SOL_OP_TANH] = {read_nothing, {"name", "op", "inputs"}},
    [SOL_OP_PAD] = {read_pad, {"name", "op", "inputs", "pixels"}},
    [SOL_OP_AFFINE] = {read_affine, {"name", "op", "inputs", "scale", "offset"}},
    [SOL_OP_RELU] = {read_nothing, {"name", "op", "inputs"}},
    [SOL_OP_MAX_POOL] = {read_nothing, {"name", "op", "inputs"}},
    [SOL_OP_UPSAMPLE] = {read_upsample, {"name", "op", "inputs", "mode"}},
    [SOL_OP_ADD] = {read_nothing, {"name", "op", "inputs"}},
    [SOL_OP_ADAIN] = {read_adain, {"name", "op", "inputs", "style"}},
    [SOL_OP_WCT] = {read_wct, {"name", "op", "inputs", "style", "strength"}},
    [SOL_OP_LEVEL] = {read_nothing, {"name", "op", "inputs"}},
};

/* ---- layers ---- */

static int find_operator(const char *name, SolOp *found)
{
    const char *names[SOL_OP_COUNT + 1] = {0}, *nearest;
    int count = 0;
    for (int op = 0; op < SOL_OP_COUNT; op++) {
        if (!operators[op].read)
            continue;
        names[count++] = sol_op_name((SolOp)op);
        if (strcmp(sol_op_name((SolOp)op), name) == 0) {
            *found = (SolOp)op;
            return SOL_OK;
        }
    }
    nearest = sol_nearest(name, names);
    return nearest ? sol_fail(SOL_ERR_FORMAT, "the operator \"%s\" is not known; did you mean \"%s\"?", name, nearest)
                   : sol_fail(SOL_ERR_FORMAT, "the operator \"%s\" is not known", name);
}

static int read_inputs(Reader *reader)
{
    json_t *inputs = json_object_get(reader->object, "inputs");
    int wanted = sol_op_inputs(reader->layer.op);
    reader->layer.inputs[0] = sol_graph_count(reader->graph) - 1;
    if (!inputs && wanted == 1)
        return SOL_OK;
    if (!json_is_array(inputs) || json_array_size(inputs) != (size_t)wanted)
        return sol_fail(SOL_ERR_FORMAT, "\"inputs\" must be a list of %d layer%s", wanted, wanted == 1 ? "" : "s");
    for (int i = 0; i < wanted; i++) {
        json_t *name = json_array_get(inputs, (size_t)i);
        int result;
        if (!json_is_string(name))
            return sol_fail(SOL_ERR_FORMAT, "\"inputs\" must be a list of layers' names");
        result = get_layer(reader->graph, json_string_value(name), &reader->layer.inputs[i]);
        if (result != SOL_OK)
            return result;
    }
    return SOL_OK;
}

/* Reads the rest of a layer, and adds it to the graph under `name`. */
static int add_layer(Reader *reader, const char *name, SolOp op)
{
    int result;
    reader->layer = (SolLayer){.op = op};
    reader->scale = reader->offset = NULL;
    result = read_inputs(reader);
    if (result == SOL_OK)
        result = operators[op].read(reader);
    if (result == SOL_OK)
        result = sol_graph_add(reader->graph, name, &reader->layer);
    sol_free(reader->scale);
    sol_free(reader->offset);
    return result < 0 ? result : SOL_OK;
}

static int read_layer(Reader *reader, size_t index, json_t *object)
{
    const char *name = NULL, *op_name = NULL;
    SolOp op = SOL_OP_INPUT;
    int result;
    if (!json_is_object(object))
        return sol_fail(SOL_ERR_FORMAT, "layer %zu: must be an object", index + 1);
    reader->object = object;
    result = get_text(object, "name", NULL, &name);
    if (result != SOL_OK)
        return sol_fail_within(result, "layer %zu", index + 1);
    result = get_text(object, "op", NULL, &op_name);
    if (result == SOL_OK)
        result = find_operator(op_name, &op);
    if (result == SOL_OK)
        result = check_keys(object, operators[op].keys);
    if (result == SOL_OK && strcmp(name, "output") == 0)
        result = sol_fail(SOL_ERR_FORMAT, "the name is kept for the network's output");
    if (result == SOL_OK)
        result = add_layer(reader, name, op);
    return result == SOL_OK ? SOL_OK : sol_fail_within(result, "layer \"%s\"", name);
}

/* The affine node `name` from the object of that name in the architecture, which may be absent. */
static int read_end(Reader *reader, json_t *architecture, const char *name)
{
    static const char *const keys[] = {"scale", "offset", NULL};
    json_t *object = json_object_get(architecture, name);
    int result = SOL_OK;
    if (object && !json_is_object(object))
        return sol_fail(SOL_ERR_FORMAT, "\"%s\" must be an object", name);
    if (object)
        result = check_keys(object, keys);
    reader->object = object;
    if (result == SOL_OK)
        result = add_layer(reader, name, SOL_OP_AFFINE);
    return result == SOL_OK ? SOL_OK : sol_fail_within(result, "\"%s\"", name);
}

static int check_output(const SolGraph *graph)
{
    const SolNode *output = sol_graph_node(graph, sol_graph_count(graph) - 1);
    if (output->channels != IMAGE_CHANNELS)
        return sol_fail(SOL_ERR_FORMAT, "the last layer has %d channels; a picture has %d", output->channels,
                        (int)IMAGE_CHANNELS);
    if (output->level != 0)
        return sol_fail(SOL_ERR_FORMAT, "the last layer is %d times %s than the picture", 1 << abs(output->level),
                        output->level > 0 ? "smaller" : "larger");
    if (output->extra != 0)
        return sol_fail(SOL_ERR_FORMAT, "the last layer has %d pixels %s than the picture along a side",
                        abs(output->extra), output->extra > 0 ? "more" : "fewer");
    return SOL_OK;
}

/* Every other engine takes the last layer for a picture. */
static int check_no_output(json_t *architecture)
{
    static const char encoder[] = "gatys";
    return strcmp(json_string_value(json_object_get(architecture, "method")), encoder) == 0
               ? SOL_OK
               : sol_fail(SOL_ERR_FORMAT, "\"output\" can be null with the method \"%s\" only", encoder);
}

static int read_margin(Reader *reader, json_t *architecture)
{
    json_t *margin = json_object_get(architecture, "margin");
    json_int_t pixels = json_integer_value(margin);
    if (margin && (!json_is_integer(margin) || pixels < 0 || pixels > MAX_MARGIN))
        return sol_fail(SOL_ERR_FORMAT, "\"margin\" must be a whole number, 0 to %d", (int)MAX_MARGIN);
    sol_graph_set_margin(reader->graph, (int)pixels);
    return SOL_OK;
}

static int read_graph(Reader *reader, json_t *architecture)
{
    json_t *layers = json_object_get(architecture, "layers"), *layer;
    size_t i;
    int result = sol_graph_add(reader->graph, "image", &(SolLayer){.op = SOL_OP_INPUT, .channels = IMAGE_CHANNELS});
    if (result < 0 || (result = read_margin(reader, architecture)) != SOL_OK)
        return result;
    if (!json_is_array(layers) || json_array_size(layers) == 0)
        return sol_fail(SOL_ERR_FORMAT, "\"layers\" must be a list of one layer or more");
    result = read_end(reader, architecture, "input");
    if (result != SOL_OK)
        return result;
    json_array_foreach(layers, i, layer) {
        result = read_layer(reader, i, layer);
        if (result != SOL_OK)
            return result;
    }
    if (json_is_null(json_object_get(architecture, "output")))
        return check_no_output(architecture);
    result = read_end(reader, architecture, "output");
    return result == SOL_OK ? check_output(reader->graph) : result;
}

static int check_head(json_t *architecture, const char **method)
{
    static const char *const keys[] = {"version", "method", "margin", "input", "layers", "output", NULL};
    json_t *version;
    int result;
    if (!json_is_object(architecture))
        return sol_fail(SOL_ERR_FORMAT, "must be a JSON object");
    version = json_object_get(architecture, "version");
    if (!json_is_integer(version))
        return sol_fail(SOL_ERR_FORMAT, "\"version\" must be %d", (int)VERSION);
    if (json_integer_value(version) != VERSION)
        return sol_fail(SOL_ERR_FORMAT, "\"version\" is %lld; %d is understood", (long long)json_integer_value(version),
                        (int)VERSION);
    result = check_keys(architecture, keys);
    return result == SOL_OK ? get_text(architecture, "method", NULL, method) : result;
}

/* Reads and releases `architecture`, which is NULL where `error` says why. */
static int read_architecture(Reader *reader, json_t *architecture, const json_error_t *error, SolGraph **out,
                             char **out_method)
{
    const char *method = NULL;
    char *copy = NULL;
    int result;
    if (!architecture)
        return sol_fail(SOL_ERR_FORMAT, "architecture: no valid JSON: line %d, column %d: %s", error->line,
                        error->column, error->text);
    result = check_head(architecture, &method);
    if (result == SOL_OK && strcmp(method, "gatys") == 0) /* of these, what layers see is all that counts */
        json_object_set_new(architecture, "output", json_null());
    if (result == SOL_OK)
        result = sol_graph_open(&reader->graph);
    if (result == SOL_OK)
        result = read_graph(reader, architecture);
    if (result == SOL_OK && !(copy = sol_copy(method)))
        result = sol_fail_memory("a model");
    json_decref(architecture);
    if (result != SOL_OK) {
        sol_graph_close(&reader->graph);
        return sol_fail_within(result, "architecture");
    }
    *out = reader->graph;
    *out_method = copy;
    return SOL_OK;
}

int sol_architecture_read(SolGraph **graph, char **method, const char *text, const SolTensors *tensors)
{
    Reader reader = {.tensors = tensors};
    json_error_t error;
    json_t *architecture = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    return read_architecture(&reader, architecture, &error, graph, method);
}

int sol_architecture_read_random(SolGraph **graph, char **method, const char *path, SolTensors *tensors, uint64_t seed)
{
    Reader reader = {.tensors = tensors, .made = tensors, .random = seed};
    FILE *file = fopen(path, "rb");
    json_error_t error;
    json_t *architecture;
    if (!file)
        return sol_fail_errno(path, "cannot be opened");
    architecture = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    return read_architecture(&reader, architecture, &error, graph, method);
}
