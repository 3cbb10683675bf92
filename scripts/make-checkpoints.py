#!/usr/bin/python3
"""Writes the small files of weights that tests/model/test_checkpoint.c reads, into tests/data/checkpoints, and of
their pickles the fuzzer's seeds.

Every file has the same tensors, in other formats and types. With tiny whole numbers every type holds them exactly:

    plain       2x3x2x2: 0, 1, 2, ..
    turned      the transposed view of a 3x4 matrix of 0, 1, 2, ..: 4x3
    part        columns 1, 3 and 5 of rows 1.. of a 4x6 matrix of 0, -1, -2, ..: 3x3
    shared      the second half of the storage of `turned`: 6
    scalar      7, without dimensions
    none        of shape 2x0

and one tensor of int64, `steps`. The files refused-* are to be refused. PyTorch 1.13 (Debian's
python3-torch) wrote the files at hand:

    scripts/make-checkpoints.py
"""

import collections
import pathlib
import zipfile

import torch

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "checkpoints"
SEEDS = FOLDER.parent.parent / "fuzz" / "seeds" / "pickle"


def tensors(dtype):
    turned = torch.arange(12).to(dtype).reshape(3, 4)
    part = -torch.arange(24).to(dtype).reshape(4, 6)
    state = collections.OrderedDict()
    state["plain"] = torch.arange(24).to(dtype).reshape(2, 3, 2, 2)
    state["turned"] = turned.t()
    state["part"] = part[1:, 1::2]
    state["shared"] = turned.reshape(-1)[6:]
    state["scalar"] = torch.tensor(7).to(dtype)
    state["none"] = torch.zeros(2, 0, dtype=dtype)
    state["steps"] = torch.tensor(12345)
    return state


def module():
    """The state dict of a module, which has _metadata, within the parallel wrapper's "module."."""
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    state = torch.nn.Sequential(collections.OrderedDict(module=net)).state_dict()
    for i, (name, value) in enumerate(state.items()):
        value.copy_((torch.arange(value.numel()).reshape(value.shape) + i).to(value.dtype))
    return state


def save(name, value, **how):
    torch.save(value, FOLDER / name, **how)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, dtype in (("float32", torch.float32), ("float16", torch.float16), ("bfloat16", torch.bfloat16)):
        save(f"zip-{name}.pth", tensors(dtype))
        save(f"legacy-{name}.pth", tensors(dtype), _use_new_zipfile_serialization=False)
    save("zip-protocol4.pth", tensors(torch.float32), pickle_protocol=4)
    save("zip-state_dict.pth.tar", {"epoch": 3, "best": torch.tensor(0.5), "rate": 1e-3, "state_dict": module()})
    save("legacy-model.pth", {"model": dict(module()), "epoch": 2}, _use_new_zipfile_serialization=False)
    save("legacy-parameter.pt", {"w": torch.nn.Parameter(torch.arange(4.0)), "size": torch.Size([2, 3])},
         _use_new_zipfile_serialization=False)
    save("refused-module.pth", torch.nn.ReLU())
    save("refused-list.pth", [torch.zeros(2)])
    save("refused-empty.pth", {"epoch": 3, "optimizer": {}})
    save("refused-dtype.pth", {"dtype": torch.float32, "w": torch.zeros(2)})
    repack("refused-compressed.pth", compression=zipfile.ZIP_DEFLATED)
    repack("refused-big-endian.pth", more={"byteorder": b"big"})
    repack("refused-script.pt", more={"constants.pkl": b"."})
    repack("refused-missing.pth", without="data/0")
    repack("refused-short.pth", instead={"data/0": b"1234"})
    repack("refused-no-pickle.pth", without="data.pkl")


    for seed in ("float32", "float16", "bfloat16", "protocol4", "state_dict"):
        path, = FOLDER.glob(f"zip-{seed}.pth*")
        with zipfile.ZipFile(path) as given:
            pickled, = (name for name in given.namelist() if name.endswith("/data.pkl"))
            (SEEDS / f"{seed}.pkl").write_bytes(given.read(pickled))


def repack(name, compression=zipfile.ZIP_STORED, more={}, without="", instead={}):
    """Makes another zip of the entries of zip-float32.pth."""
    with zipfile.ZipFile(FOLDER / "zip-float32.pth") as given, zipfile.ZipFile(FOLDER / name, "w", compression) as made:
        for entry in given.namelist():
            root, part = entry.split("/", 1)
            if part != without:
                made.writestr(zipfile.ZipInfo(entry), instead.get(part, given.read(entry)), compression)
        for part, data in more.items():
            made.writestr(zipfile.ZipInfo(root + "/" + part), data, compression)


if __name__ == "__main__":
    main()
