"""No number is computed by a function of MKL whose first call ran on many threads: one of them may be inexact."""

import ast

from gptcore.first_calls import FUNCTIONS
from tests.test_imports import MODULES, all_imports

MKL_FUNCTIONS = {
    *("acos", "asin", "atan", "cos", "cosh", "erf", "erfc", "erfinv", "exp", "expm1", "lgamma", "log", "log10"),
    *("log1p", "log2", "logsumexp", "rsqrt", "sin", "sinh", "sqrt", "tan", "tanh"),
}
"""What PyTorch has MKL compute; `logsumexp` takes an exponential and a logarithm."""


def mkl_calls(source: str) -> set[str]:
    """Return the functions of MKL that a module calls on tensors: `x.exp_()`, `torch.log(x)`, never `math.log`."""
    calls = [each.func for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Call)]
    return {
        name
        for function in calls
        if isinstance(function, ast.Attribute) and ast.unparse(function.value) not in {"math", "np", "cmath"}
        if (name := function.attr.rstrip("_")) in MKL_FUNCTIONS
    }


def reached(module: str) -> set[str]:
    """Return all modules of ours that importing this one imports."""
    seen, ahead = set[str](), [module]
    while ahead:
        seen.add(here := ahead.pop())
        ahead += [each.target for each in all_imports(here) if not each.later and each.target in set(MODULES) - seen]
    return seen


def test_what_mkl_computes_was_called_on_one_number_before() -> None:
    used = {
        module: calls
        for module, path in MODULES.items()
        if any(each.target.partition(".")[0] == "torch" for each in all_imports(module))
        if (calls := mkl_calls(path.read_text("utf-8")))
    }
    assert {"gptcore.scoring", "gptcore.batched_scoring", "gptcore.step_by_step"} <= set(used)
    assert {module for module in used if "gptcore.first_calls" not in reached(module)} == set()
    assert set().union(*used.values()) <= {*FUNCTIONS, "logsumexp"}


def test_a_call_of_mkl_is_known() -> None:
    source = "import math\nmath.log(2)\ntorch.exp(x)\nx.sub_(y).log1p_()\nx.sum().logsumexp(-1)\nx.cpu()"
    assert mkl_calls(source) == {"exp", "log1p", "logsumexp"}
