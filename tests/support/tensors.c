/* SPDX-License-Identifier: Apache-2.0
 *
 * A small writer of .safetensors files.
 */
#include "support/tensors.h"

#include "support/planes.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

void write_tensors_raw(const char *path, uint64_t header_length, const char *header, const void *data,
                       size_t data_bytes)
{
    unsigned char length[8];
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(header_length >> (8 * i));
    assert_int_equal(fwrite(length, 1, 8, file), 8);
    assert_int_equal(fwrite(header, 1, strlen(header), file), strlen(header));
    if (data_bytes > 0)
        assert_int_equal(fwrite(data, 1, data_bytes, file), data_bytes);
    assert_int_equal(fclose(file), 0);
}

void write_tensors(const char *path, const char *header, const void *data, size_t data_bytes)
{
    write_tensors_raw(path, strlen(header), header, data, data_bytes);
}

/* Appends `text` to the string in `to`, single quotes as \" and the rest as it is. */
static void append_quoted(char *to, const char *text)
{
    to += strlen(to);
    for (; *text; text++) {
        if (*text == '\'')
            *to++ = '\\';
        *to++ = *text == '\'' ? '"' : *text;
    }
    *to = '\0';
}

void write_model(const char *path, const TestTensor tensors[], const char *architecture)
{
    enum { SIZE = 65536 };
    char *header = calloc(1, SIZE);
    size_t offset = 0;
    float *data;
    assert_non_null(header);
    strcpy(header, "{\"__metadata__\":{\"licence\":\"test only\"");
    if (architecture) {
        assert_true(2 * strlen(architecture) + 1024 < SIZE);
        strcat(header, ",\"solstice.architecture\":\"");
        append_quoted(header, architecture);
        strcat(header, "\"");
    }
    strcat(header, "}");
    for (; tensors->name; tensors++) {
        size_t count = 1, used = strlen(header);
        int written = snprintf(header + used, SIZE - used, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", tensors->name);
        for (int i = 0; tensors->shape[i]; i++) {
            count *= (size_t)tensors->shape[i];
            used = strlen(header);
            written = snprintf(header + used, SIZE - used, i ? ",%d" : "%d", tensors->shape[i]);
        }
        used = strlen(header);
        written = snprintf(header + used, SIZE - used, "],\"data_offsets\":[%zu,%zu]}", offset,
                           offset + count * sizeof(float));
        assert_true(written > 0 && (size_t)written + 64 < SIZE - used);
        offset += count * sizeof(float);
    }
    strcat(header, "}");
    data = random_planes(offset / sizeof(float), 7);
    for (size_t i = 0; i < offset / sizeof(float); i++)
        data[i] *= 0.25f;
    write_tensors(path, header, data, offset);
    free(data);
    free(header);
}
