/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of weights as published networks have them: their tensors' names and shapes, and zeros for numbers, which
 * take no room on the disk. Convolutions' biases are the numbers of the convolutions, 1, 2, .., in file order.
 */
#ifndef TEST_WEIGHTS_H
#define TEST_WEIGHTS_H

#include <stddef.h>

typedef struct Weights Weights;

Weights *weights_begin(void);

/** Adds a float16 tensor of zeros. */
void weights_add(Weights *weights, const char *name, const size_t shape[], int rank);

/** Adds PREFIX.weight, out x in x kernel x kernel, and PREFIX.bias. */
void weights_conv(Weights *weights, const char *prefix, size_t out, size_t in, size_t kernel);

/** Writes the .safetensors file, and frees. */
void weights_end(Weights *weights, const char *path);

/** Whole networks; `blocks` is 16 or 19. */
void write_vgg(const char *path, int blocks);
void write_adain_encoder(const char *path);
void write_adain_decoder(const char *path);
void write_johnson(const char *path);

/** The network of adaptive-style-transfer, as TensorFlow names and orders its variables, and one of another's. */
void write_sanakoyeu(const char *path);

#endif
