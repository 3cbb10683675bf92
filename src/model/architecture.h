/* SPDX-License-Identifier: Apache-2.0
 *
 * A network's description as JSON, which a model file carries in its metadata under
 * "solstice.architecture", and the graph that it becomes. docs/model-format.md is the manual.
 *
 *     {
 *       "version": 1,
 *       "method": "adain",
 *       "margin": 0,
 *       "input": {"scale": 1, "offset": -0.5},
 *       "layers": [
 *         {"name": "relu1_1", "op": "conv", "tensors": "encoder.conv1_1", "channels": 16, "relu": true},
 *         {"name": "pool1", "op": "max_pool"},
 *         ..
 *       ],
 *       "output": {"scale": 1, "offset": 0.5}
 *     }
 *
 * A layer works on the one before it, or on those named in "inputs"; "input" is the picture (planes R, G,
 * B in 0..1) after the input's scale and offset. The last layer, scaled and offset, is the painted picture; with
 * "output": null (with the method gatys only, and always with that) there is none, and the network ends with its last
 * layer, of any size and number of channels.
 *
 *     op        keys ("name", "op" and "inputs" aside)
 *     conv      "tensors": prefix of PREFIX.weight [out][in][k][k] and PREFIX.bias [out]; "channels": out;
 *               "kernel": k, odd (3); "stride": 1 or 2 (1); "border": "reflect", "zero" or "same" ("reflect");
 *               "relu": (false); "bias": (true)
 *     conv_transpose  "tensors": prefix of PREFIX.weight [in][out][k][k] and PREFIX.bias [out]; "channels", "kernel",
 *               "relu", "bias": as of conv; doubles the size
 *     instance_norm   "tensors": prefix of PREFIX.weight and PREFIX.bias [channels]; "epsilon": (1e-5); "relu": (false)
 *     affine    "scale": (1), "offset": (0): a number, or one for each channel
 *     relu
 *     max_pool  2x2, rounding down
 *     tanh
 *     upsample  2x2; "mode": "nearest" or "bilinear" ("nearest")
 *     add       two "inputs"
 *     adain     "style": the layer whose mean and deviation on a style image are the target
 *     wct       "style": the layer whose mean and covariance on a style image are the target; "strength": (1)
 *     level     two "inputs": the picture that wct layers made, and the one that they made it of
 *
 * A key, operator or layer that is not known, a tensor that is missing or has another shape, inputs that do
 * not fit each other: each is an error that names the layer.
 */
#ifndef SOL_MODEL_ARCHITECTURE_H
#define SOL_MODEL_ARCHITECTURE_H

#include "model/safetensors.h"
#include "nn/graph.h"

/**
 * Builds the graph. Its first node is "image", the picture as it comes, and its last "output", where there is one.
 *
 * @param[out] graph   borrows the tensors; released by sol_graph_close(); untouched on failure
 * @param[out] method  the "method", freed with free(); untouched on failure
 * @param text         the JSON
 * @return 0, SOL_ERR_FORMAT, SOL_ERR_NOMEM
 */
int sol_architecture_read(SolGraph **graph, char **method, const char *text, const SolTensors *tensors);

/**
 * The same of a file of JSON alone. Tensors that the layers name and `tensors` does not have are added to it,
 * filled with random numbers that keep what runs through the layers about as strong as the picture: the same
 * bits for the same seed, on every machine. Biases are 0.
 *
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT, SOL_ERR_NOMEM; the text does not name the file unless it cannot be opened
 */
int sol_architecture_read_random(SolGraph **graph, char **method, const char *path, SolTensors *tensors,
                                 uint64_t seed);

#endif
