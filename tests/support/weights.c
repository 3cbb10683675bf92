/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of weights as published networks have them.
 */
#include "support/weights.h"

#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 65536, MAX_CONVS = 64 };

struct Weights {
    char header[HEADER];
    size_t offset; /* bytes of data so far */
    int convs;
    size_t biases[MAX_CONVS], channels[MAX_CONVS]; /* where each bias begins, and its length */
};

Weights *weights_begin(void)
{
    Weights *weights = calloc(1, sizeof *weights);
    assert_non_null(weights);
    strcpy(weights->header, "{");
    return weights;
}

void weights_add(Weights *weights, const char *name, const size_t shape[], int rank)
{
    size_t count = 1;
    char *at = weights->header + strlen(weights->header);
    assert_true(at + 256 < weights->header + HEADER);
    at += sprintf(at, "%s\"%s\":{\"dtype\":\"F16\",\"shape\":[", weights->header[1] ? "," : "", name);
    for (int i = 0; i < rank; i++) {
        at += sprintf(at, i ? ",%zu" : "%zu", shape[i]);
        count *= shape[i];
    }
    sprintf(at, "],\"data_offsets\":[%zu,%zu]}", weights->offset, weights->offset + 2 * count);
    weights->offset += 2 * count;
}

void weights_conv(Weights *weights, const char *prefix, size_t out, size_t in, size_t kernel)
{
    char name[128];
    snprintf(name, sizeof name, "%s.weight", prefix);
    weights_add(weights, name, (const size_t[]){out, in, kernel, kernel}, 4);
    snprintf(name, sizeof name, "%s.bias", prefix);
    assert_true(weights->convs < MAX_CONVS);
    weights->biases[weights->convs] = weights->offset;
    weights->channels[weights->convs++] = out;
    weights_add(weights, name, &out, 1);
}

/* The binary16 of a whole number from 1 to 2047. */
static unsigned half_of(unsigned number)
{
    unsigned exponent = 0;
    while (number >> (exponent + 1))
        exponent++;
    return (exponent + 15) << 10 | (number << (10 - exponent) & 0x3ff);
}

void weights_end(Weights *weights, const char *path)
{
    FILE *file = fopen(path, "wb");
    size_t length;
    strcat(weights->header, "}");
    length = strlen(weights->header);
    assert_non_null(file);
    for (int i = 0; i < 8; i++)
        fputc((int)(length >> (8 * i) & 255), file);
    fputs(weights->header, file);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(ftruncate(fileno(file), (off_t)(8 + length + weights->offset)), 0);
    for (int i = 0; i < weights->convs; i++) {
        unsigned half = half_of((unsigned)i + 1);
        assert_int_equal(fseek(file, (long)(8 + length + weights->biases[i]), SEEK_SET), 0);
        for (size_t c = 0; c < weights->channels[i]; c++) {
            fputc((int)(half & 255), file);
            fputc((int)(half >> 8), file);
        }
    }
    assert_int_equal(fclose(file), 0);
    free(weights);
}

void write_vgg(const char *path, int layers)
{
    static const struct {
        size_t channels;
        int convs16, convs19;
    } blocks[] = {{64, 2, 2}, {128, 2, 2}, {256, 3, 4}, {512, 3, 4}, {512, 3, 4}};
    Weights *weights = weights_begin();
    size_t in = 3;
    int place = 0;
    for (int b = 0; b < 5; b++, place++)
        for (int i = 0; i < (layers == 16 ? blocks[b].convs16 : blocks[b].convs19); i++, place += 2) {
            char prefix[32];
            snprintf(prefix, sizeof prefix, "features.%d", place);
            weights_conv(weights, prefix, blocks[b].channels, in, 3);
            in = blocks[b].channels;
        }
    weights_add(weights, "classifier.6.weight", (const size_t[]){1000, 4096}, 2);
    weights_add(weights, "classifier.6.bias", (const size_t[]){1000}, 1);
    weights_end(weights, path);
}

static void write_sequence(const char *path, const int places[], const size_t channels[], int count)
{
    Weights *weights = weights_begin();
    for (int i = 0; i < count; i++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "%d", places[i]);
        weights_conv(weights, prefix, channels[i + 1], channels[i], places[i] == 0 ? 1 : 3);
    }
    weights_end(weights, path);
}

void write_adain_encoder(const char *path)
{
    static const int places[] = {0, 2, 5, 9, 12, 16, 19, 22, 25, 29, 32};
    static const size_t channels[] = {3, 3, 64, 64, 128, 128, 256, 256, 256, 256, 512, 512};
    write_sequence(path, places, channels, 11);
}

void write_adain_decoder(const char *path)
{
    static const int places[] = {1, 5, 8, 11, 14, 18, 21, 25, 28};
    static const size_t channels[] = {512, 256, 256, 256, 256, 128, 128, 64, 64, 3};
    write_sequence(path, places, channels, 9);
}

static void add_norm(Weights *weights, const char *prefix, size_t channels)
{
    static const char *const parts[] = {"weight", "bias", "running_mean", "running_var"};
    for (int i = 0; i < 4; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s.%s", prefix, parts[i]);
        weights_add(weights, name, &channels, 1);
    }
}

void write_johnson(const char *path)
{
    static const struct {
        const char *conv, *norm;
        size_t out, in, kernel;
    } layers[] = {{"conv1", "in1", 32, 3, 9},      {"conv2", "in2", 64, 32, 3},    {"conv3", "in3", 128, 64, 3},
                  {"deconv1", "in4", 64, 128, 3}, {"deconv2", "in5", 32, 64, 3}, {"deconv3", NULL, 3, 32, 9}};
    Weights *weights = weights_begin();
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "%s.conv2d", layers[i].conv);
        weights_conv(weights, prefix, layers[i].out, layers[i].in, layers[i].kernel);
        if (layers[i].norm)
            add_norm(weights, layers[i].norm, layers[i].out);
    }
    for (int block = 1; block <= 5; block++)
        for (int i = 1; i <= 2; i++) {
            char prefix[64];
            snprintf(prefix, sizeof prefix, "res%d.conv%d.conv2d", block, i);
            weights_conv(weights, prefix, 128, 128, 3);
            snprintf(prefix, sizeof prefix, "res%d.in%d", block, i);
            add_norm(weights, prefix, 128);
        }
    weights_end(weights, path);
}

/* PREFIX/weights, kernel x kernel x in x out, and behind it the norm's scale and offset, unless that is NULL. */
static void add_variables(Weights *weights, const char *conv, const char *norm, size_t in, size_t out, size_t kernel)
{
    static const char *const parts[] = {"scale", "offset"};
    char name[128];
    snprintf(name, sizeof name, "%s/weights", conv);
    weights_add(weights, name, (const size_t[]){kernel, kernel, in, out}, 4);
    for (int i = 0; i < 2 && norm; i++) {
        snprintf(name, sizeof name, "%s/%s", norm, parts[i]);
        weights_add(weights, name, &out, 1);
    }
}

void write_sanakoyeu(const char *path)
{
    static const size_t encoder[] = {3, 32, 32, 64, 128, 256}, decoder[] = {256, 256, 128, 64, 32};
    const size_t image = 3;
    Weights *weights = weights_begin();
    char conv[64], norm[64];
    weights_add(weights, "encoder/g_e0_bn/scale", &image, 1);
    weights_add(weights, "encoder/g_e0_bn/offset", &image, 1);
    for (int i = 1; i <= 5; i++) {
        snprintf(conv, sizeof conv, "encoder/g_e%d_c/Conv", i);
        snprintf(norm, sizeof norm, "encoder/g_e%d_bn", i);
        add_variables(weights, conv, norm, encoder[i - 1], encoder[i], 3);
    }
    for (int i = 0; i < 18; i++) {
        snprintf(conv, sizeof conv, "decoder/g_r%d_c%d/Conv", i / 2 + 1, i % 2 + 1);
        snprintf(norm, sizeof norm, "decoder/g_r%d_bn%d", i / 2 + 1, i % 2 + 1);
        add_variables(weights, conv, norm, 256, 256, 3);
    }
    for (int i = 1; i <= 4; i++) {
        snprintf(conv, sizeof conv, "decoder/g_d%d_dc/conv2d/Conv", i);
        snprintf(norm, sizeof norm, "decoder/g_d%d_bn", i);
        add_variables(weights, conv, norm, decoder[i - 1], decoder[i], 3);
    }
    add_variables(weights, "decoder/g_pred_c/Conv", NULL, 32, 3, 7);
    add_variables(weights, "discriminator/d_0/Conv", NULL, 3, 128, 5);
    weights_end(weights, path);
}
