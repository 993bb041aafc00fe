"""MKL's vector functions, each called once on one number when this module is imported, so that they are always exact.

PyTorch computes the exponential, the logarithm and their like of CPU tensors with Intel's MKL. The MKL 2024.2 within
torch 2.13 chooses a function's code at its first call; where several threads make that call together, one of them may
get the code of low accuracy, once. About one process in some hundreds had a log-probability wrong by 3e-5 in its first
report. See https://github.com/pytorch/pytorch/issues/188792.
"""

from __future__ import annotations

import torch

FUNCTIONS = ("cos", "erf", "exp", "expm1", "log", "log10", "log1p", "log2", "sin", "sqrt", "tanh")
"""Of `torch`; a test looks for others among the calls in this package."""

for _dtype in (torch.float32, torch.float64):
    for _name in FUNCTIONS:
        getattr(torch, _name)(torch.ones(1, dtype=_dtype))
