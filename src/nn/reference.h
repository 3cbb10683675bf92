/* SPDX-License-Identifier: Apache-2.0
 *
 * The naive twins of the operators in nn/ops.h: one pixel after the other, straight from their
 * definitions, in double precision where they sum. Tests hold the operators against them.
 */
#ifndef SOL_NN_REFERENCE_H
#define SOL_NN_REFERENCE_H

#include "nn/shape.h"

void sol_reference_max_pool(const float *in, SolShape shape, float *out);
void sol_reference_upsample(const float *in, SolShape shape, float *out);
void sol_reference_upsample_bilinear(const float *in, SolShape shape, float *out);
void sol_reference_pad(const float *in, SolShape shape, int pixels, float *out);
void sol_reference_add(const float *a, const float *b, SolShape shape, float *out);
void sol_reference_relu(const float *in, SolShape shape, float *out);
void sol_reference_tanh(const float *in, SolShape shape, float *out);
void sol_reference_affine(const float *in, SolShape shape, const float *scale, const float *offset, float *out);
void sol_reference_moments(const float *in, SolShape shape, float *mean, float *std);
void sol_reference_adain(const float *in, SolShape shape, const float *mean, const float *std, float *out);
void sol_reference_instance_norm(const float *in, SolShape shape, const float *gain, const float *shift, double epsilon,
                                 bool relu, float *out);

#endif
