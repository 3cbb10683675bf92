#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Put an architecture into a .safetensors file, which makes it a model that solstice paints with.

    scripts/add-architecture.py weights.safetensors models/compact.json model.safetensors --licence Apache-2.0

The tensors' data is copied as it is, bit by bit, and metadata that is already there is kept. The
architecture's format is described in docs/model-format.md.
"""
import argparse
import json
import struct


def read(path):
    """The header of a .safetensors file, and its data."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length)), file.read()


def write(path, header, data):
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tensors", help="the .safetensors file to read")
    parser.add_argument("architecture", help="the JSON file that describes the layers")
    parser.add_argument("model", help="the .safetensors file to write")
    parser.add_argument("--licence", help="what the model may be used under, as an SPDX identifier")
    arguments = parser.parse_args()

    header, data = read(arguments.tensors)
    with open(arguments.architecture) as file:
        architecture = json.load(file)
    metadata = header.pop("__metadata__", {})
    metadata["solstice.architecture"] = json.dumps(architecture, separators=(",", ":"))
    if arguments.licence:
        metadata["licence"] = arguments.licence
    write(arguments.model, {"__metadata__": metadata, **header}, data)


if __name__ == "__main__":
    main()
