/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of weights, in all formats: opened, and every tensor read.
 */
#include "fuzz/fuzz.h"

#include "model/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SolCheckpoint *checkpoint = NULL;
    const SolStored *tensor;
    if (sol_checkpoint_open(&checkpoint, as_file(data, size)) != 0)
        return 0;
    for (size_t i = 0; (tensor = sol_checkpoint_at(checkpoint, i)); i++) {
        float *numbers = malloc(tensor->count * sizeof *numbers + 1);
        require(numbers && tensor->count <= size);
        sol_checkpoint_read(checkpoint, tensor, numbers);
        free(numbers);
        require(sol_checkpoint_find(checkpoint, tensor->name) == tensor);
    }
    sol_checkpoint_close(&checkpoint);
    return 0;
}
