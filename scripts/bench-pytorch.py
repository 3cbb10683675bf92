#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Time what `solstice bench` times, in PyTorch: the default network painting one frame with learned
statistics, on the processor. Prints a JSON object with the median milliseconds of each way to run it.

    env -u OPENBLAS_CORETYPE scripts/bench-pytorch.py [WIDTHxHEIGHT [FRAMES]]

Ways: eager float32, channels_last, a frozen and optimised TorchScript module, bfloat16 autocast. The
fair rival is the fastest of them.
"""
import importlib.util, json, os, sys, time

import torch

sys.dont_write_bytecode = True


def load_compact():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "train_compact.py")
    spec = importlib.util.spec_from_file_location("train_compact", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Painter(torch.nn.Module):
    """Compact with a style that is known already."""

    def __init__(self, train, style):
        super().__init__()
        self.net = train.Compact().eval()
        self.moments = [train.moments(f) for f in self.net.encode(style)]
        self.eval()

    def forward(self, content):
        return self.net.decode(self.net.encode(content), self.moments)


def median_ms(run, frame, frames):
    times = []
    for n in range(frames + 2):
        start = time.perf_counter()
        run(frame)
        times.append(1000 * (time.perf_counter() - start))
    times = sorted(times[2:])
    return (times[(frames - 1) // 2] + times[frames // 2]) / 2


def main():
    width, height = map(int, (sys.argv[1] if len(sys.argv) > 1 else "512x512").split("x"))
    frames = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(1)
    with torch.no_grad():
        painter, frame = Painter(load_compact(), torch.rand(1, 3, 256, 256)), torch.rand(1, 3, height, width)
        result = {"eager": median_ms(painter, frame, frames)}
        last = frame.contiguous(memory_format=torch.channels_last)
        painter.net.to(memory_format=torch.channels_last)
        result["channels_last"] = median_ms(painter, last, frames)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            result["bfloat16"] = median_ms(painter, last, frames)
        painter.net.to(memory_format=torch.contiguous_format)
        frozen = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(painter, frame)))
        result["torchscript"] = median_ms(frozen, frame, frames)
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "width": width,
                      "height": height, "median_ms": {k: round(v, 1) for k, v in result.items()}}))


if __name__ == "__main__":
    main()
