/* SPDX-License-Identifier: Apache-2.0
 *
 * The types of numbers that files keep tensors in, and how those that weights come in become float32. Files are
 * little-endian, whatever the machine is.
 */
#ifndef SOL_MODEL_NUMBERS_H
#define SOL_MODEL_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum SolDtype {
    SOL_F32,
    SOL_F16,  /* IEEE 754 binary16 */
    SOL_BF16, /* the upper half of a float32 */
    SOL_F64,
    SOL_F8_E4M3,
    SOL_F8_E5M2,
    SOL_I64,
    SOL_I32,
    SOL_I16,
    SOL_I8,
    SOL_U64,
    SOL_U32,
    SOL_U16,
    SOL_U8,
    SOL_BOOL,
    SOL_DTYPES
} SolDtype;

/** The type's name, as .safetensors files write it: "F32"; and how many bytes a number takes. */
const char *sol_dtype_name(SolDtype dtype);
size_t sol_dtype_bytes(SolDtype dtype);

/** The type called `name`; false where there is none. */
bool sol_dtype_find(const char *name, SolDtype *dtype);

/** True of the types that weights come in: F32, F16 and BF16. */
bool sol_dtype_is_weight(SolDtype dtype);

/** One little-endian number, of a type that weights come in. */
float sol_number(const unsigned char *from, SolDtype dtype);

/** `count` of them, one behind the other. `from` may be the end of the memory that `to` is. */
void sol_numbers(float *to, const unsigned char *from, size_t count, SolDtype dtype);

#endif
