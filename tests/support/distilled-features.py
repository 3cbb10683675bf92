#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make a model of an encoder of distilled-vgg19 (see tests/style/test_golden_gatys.c).

    distilled-features.py ENCODER5.pth ARCHITECTURE.json MODEL.safetensors
"""
import json, struct, sys

import torch


def main():
    encoder, architecture, out = sys.argv[1:]
    header, data, offset = {}, [], 0
    for name, tensor in torch.load(encoder, map_location="cpu")["model"].items():
        numbers = tensor.detach().float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(numbers)]}
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
