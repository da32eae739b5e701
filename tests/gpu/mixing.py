"""A product on the pretended device, then a sum with a tensor of the CPU, which must raise an error.

A program of its own, as it registers the device.
"""

import torch

from tests.gpu import pretend

if __name__ == "__main__":
    with pretend.device() as name:
        there = torch.ones(2, 3).to(name)
        print((there @ there.T).sum().item(), there.device.type)
        there + torch.ones(3)
