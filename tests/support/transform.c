/* SPDX-License-Identifier: Apache-2.0
 *
 * The source has TensorFlow's variables in the order in which they were made: of every layer the weights (of
 * convolutions [k][k][in][out], of transposed ones [k][k][out][in]), then of its norm the shift and the scale. So one
 * permutation, (3, 2, 0, 1), brings both kinds of weights into the order that models have.
 */
#include "support/transform.h"

#include "support/support.h"
#include "support/tensors.h"

#include "base/error.h"
#include "model/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LAYERS = 16 };

static const char *const layers[LAYERS][2] = {
    {"conv1", "in1"},           {"conv2", "in2"},           {"conv3", "in3"},           {"res1.conv1", "res1.in1"},
    {"res1.conv2", "res1.in2"}, {"res2.conv1", "res2.in1"}, {"res2.conv2", "res2.in2"}, {"res3.conv1", "res3.in1"},
    {"res3.conv2", "res3.in2"}, {"res4.conv1", "res4.in1"}, {"res4.conv2", "res4.in2"}, {"res5.conv1", "res5.in1"},
    {"res5.conv2", "res5.in2"}, {"deconv1", "in4"},         {"deconv2", "in5"},         {"conv4", "in6"},
};

void need_transform_nets(void)
{
    if (access(SHARED_DATA "/models/transform-net/wave.safetensors", R_OK) != 0) {
        print_message("%s is not there\n", SHARED_DATA "/models/transform-net");
        skip();
    }
}

/* A model file in the making. */
typedef struct File {
    FILE *header, *data;
    size_t bytes; /* of data */
} File;

static void add_tensor(File *file, const char *name, const char *part, const size_t shape[], int rank,
                       const float *numbers)
{
    size_t count = 1;
    fprintf(file->header, ", \"%s.%s\": {\"dtype\": \"F32\", \"shape\": [", name, part);
    for (int i = 0; i < rank; i++) {
        fprintf(file->header, i ? ", %zu" : "%zu", shape[i]);
        count *= shape[i];
    }
    fprintf(file->header, "], \"data_offsets\": [%zu, %zu]}", file->bytes, file->bytes + count * sizeof *numbers);
    assert_int_equal(fwrite(numbers, sizeof *numbers, count, file->data), count);
    file->bytes += count * sizeof *numbers;
}

static void add_weights(File *file, const char *name, const SolTensor *from)
{
    const size_t *s = from->shape, shape[4] = {s[3], s[2], s[0], s[1]};
    float *to = malloc(from->count * sizeof *to);
    assert_non_null(to);
    assert_int_equal(from->rank, 4);
    for (size_t i = 0; i < from->count; i++) {
        size_t d = i % s[3], c = i / s[3] % s[2], k = i / s[3] / s[2];
        to[(d * s[2] + c) * s[0] * s[1] + k] = from->data[i];
    }
    add_tensor(file, name, "weight", shape, 4, to);
    free(to);
}

static const SolTensor *variable(const SolTensors *tensors, int number)
{
    char name[32] = "Variable";
    const SolTensor *tensor;
    if (number > 0)
        snprintf(name, sizeof name, "Variable_%d", number);
    tensor = sol_tensors_find(tensors, name);
    assert_non_null(tensor);
    return tensor;
}

/* The architecture as text within a JSON string. */
static void add_architecture(FILE *header)
{
    size_t size;
    uint8_t *text = read_bytes("models/transform-tf.json", &size);
    fprintf(header, "{\"__metadata__\": {\"solstice.architecture\": \"");
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\n')
            fputs("\\n", header);
        else
            fprintf(header, text[i] == '"' ? "\\%c" : "%c", text[i]);
    fprintf(header, "\"}");
    free(text);
}

void write_transform_net(const char *path, const char *name)
{
    char source[256], *header = NULL, *data = NULL;
    size_t header_bytes, data_bytes;
    SolTensors *tensors = NULL;
    File file = {.header = open_memstream(&header, &header_bytes), .data = open_memstream(&data, &data_bytes)};
    assert_non_null(file.header);
    assert_non_null(file.data);
    snprintf(source, sizeof source, SHARED_DATA "/models/transform-net/%s.safetensors", name);
    if (sol_tensors_read(&tensors, source) != 0)
        fail_msg("%s", sol_error_text());
    add_architecture(file.header);
    for (int l = 0; l < LAYERS; l++) {
        const SolTensor *shift = variable(tensors, 3 * l + 1), *scale = variable(tensors, 3 * l + 2);
        add_weights(&file, layers[l][0], variable(tensors, 3 * l));
        add_tensor(&file, layers[l][1], "weight", scale->shape, 1, scale->data);
        add_tensor(&file, layers[l][1], "bias", shift->shape, 1, shift->data);
    }
    fprintf(file.header, "}");
    fclose(file.header);
    fclose(file.data);
    write_tensors(path, header, data, data_bytes);
    sol_tensors_close(&tensors);
    free(header);
    free(data);
}
