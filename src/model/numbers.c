/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers of files to float32.
 */
#include "model/numbers.h"

#include "nn/bfloat16.h"

#include <stdint.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} dtypes[SOL_DTYPES] = {
    [SOL_F32] = {"F32", 4},         [SOL_F16] = {"F16", 2},         [SOL_BF16] = {"BF16", 2}, [SOL_F64] = {"F64", 8},
    [SOL_F8_E4M3] = {"F8_E4M3", 1}, [SOL_F8_E5M2] = {"F8_E5M2", 1}, [SOL_I64] = {"I64", 8},   [SOL_I32] = {"I32", 4},
    [SOL_I16] = {"I16", 2},         [SOL_I8] = {"I8", 1},           [SOL_U64] = {"U64", 8},   [SOL_U32] = {"U32", 4},
    [SOL_U16] = {"U16", 2},         [SOL_U8] = {"U8", 1},           [SOL_BOOL] = {"BOOL", 1},
};

const char *sol_dtype_name(SolDtype dtype)
{
    return dtypes[dtype].name;
}

size_t sol_dtype_bytes(SolDtype dtype)
{
    return dtypes[dtype].bytes;
}

bool sol_dtype_find(const char *name, SolDtype *dtype)
{
    for (int i = 0; i < SOL_DTYPES; i++)
        if (strcmp(dtypes[i].name, name) == 0) {
            *dtype = (SolDtype)i;
            return true;
        }
    return false;
}

bool sol_dtype_is_weight(SolDtype dtype)
{
    return dtype == SOL_F32 || dtype == SOL_F16 || dtype == SOL_BF16;
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16 to float32. */
static float float_of_half(uint32_t half)
{
    uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent == 0) { /* zero and subnormals: fraction * 2^-24 */
        float value = (float)fraction * (1.0f / 16777216.0f);
        return sign ? -value : value;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

float sol_number(const unsigned char *from, SolDtype dtype)
{
    uint32_t low = (uint32_t)from[0] | (uint32_t)from[1] << 8;
    if (dtype == SOL_F16)
        return float_of_half(low);
    if (dtype == SOL_BF16)
        return sol_from_bfloat16((uint16_t)low);
    return float_of_bits(low | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24);
}

void sol_numbers(float *to, const unsigned char *from, size_t count, SolDtype dtype)
{
    size_t bytes = dtypes[dtype].bytes;
    for (size_t i = 0; i < count; i++, from += bytes)
        to[i] = sol_number(from, dtype);
}
