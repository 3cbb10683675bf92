#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make a model of the ten files of distilled-vgg19 (see tests/model/test_golden_wct.c).

    distilled-wct.py FOLDER ARCHITECTURE.json MODEL.safetensors

Tensors are called eL.NAME and dL.NAME for encoderL.pth and decoderL.pth.
"""
import json, os, struct, sys

import torch


def main():
    folder, architecture, out = sys.argv[1:]
    header, data, offset = {}, [], 0
    for kind in "encoder", "decoder":
        for level in range(1, 6):
            file = torch.load(os.path.join(folder, f"{kind}{level}.pth"), map_location="cpu")
            for name, tensor in file.get("model", file).items():
                numbers = tensor.detach().float().contiguous().numpy().tobytes()
                header[f"{kind[0]}{level}.{name}"] = {"dtype": "F32", "shape": list(tensor.shape),
                                                      "data_offsets": [offset, offset + len(numbers)]}
                offset += len(numbers)
                data.append(numbers)
    with open(architecture) as file:
        header["__metadata__"] = {"solstice.architecture": json.dumps(json.load(file)), "licence": "MIT"}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(out, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))


if __name__ == "__main__":
    main()
