"""Each step's tensors as PyTorch would print them: name, type, shape, and the first and last values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gptcore.results.report import Floats, Ids
from gptcore.results.steps import Steps

_MOST_ROWS = 3
_MOST_VALUES = 6


def tensors(step: int, steps: Steps) -> str:
    """What there is after step 1 to 11, as lines of code."""
    return "\n".join(_TENSORS[step](steps))


def _tensor(name: str, dtype: str, shape: tuple[int, ...], values: str) -> list[str]:
    return [f"{name}  {dtype} {shape if shape else '()'}", values]


def _row(values: Sequence[float] | Floats | Ids, write: Callable[[float], str]) -> str:
    written = [write(float(value)) for value in values]
    if len(written) > _MOST_VALUES:
        written = [*written[:_MOST_VALUES], "…"]
    return f"[{' '.join(written)}]"


def _rows(values: Floats, count: int, write: Callable[[float], str], cut: bool) -> str:
    """The first rows of what is shown; `cut` says that each holds only the ends of its row."""
    lines = []
    for row in values[:_MOST_ROWS]:
        written = [write(float(value)) for value in row]
        ends = [*written[:3], "…", *written[3:]] if write is _fixed else [*written[:2], "…", *written[-2:]]
        lines.append(f" [{' '.join(ends if cut else written)}]")
    if count > len(lines):
        lines.append(" …")
    return "\n".join(lines)


def _ids(steps: Steps) -> list[str]:
    def rows(ids: Ids) -> str:
        return "\n".join(" " + _row(row, lambda i: str(int(i))) for row in ids[:2]) + ("\n …" if len(ids) > 2 else "")

    shape = steps.inputs.shape
    return _tensor("inputs", "int64", shape, rows(steps.inputs)) + _tensor(
        "targets", "int64", shape, rows(steps.targets)
    )


def _logits(steps: Steps) -> list[str]:
    values = _rows(steps.edge_logits, steps.positions, _fixed, not steps.whole)
    return _tensor("logits", "float32", steps.logits_shape, values)


def _probabilities(steps: Steps) -> list[str]:
    write = _fixed if steps.whole else _scientific
    values = _rows(steps.edge_probabilities, steps.positions, write, not steps.whole)
    return _tensor("probabilities", "float32", steps.logits_shape, values)


def _chosen(steps: Steps) -> list[str]:
    return _tensor("predicted ids", "int64", (steps.positions,), _row(steps.predicted_id, lambda i: str(int(i))))


def _picked(steps: Steps) -> list[str]:
    write = _fixed if steps.whole else _scientific
    values = _row(steps.target_probability, write)
    return _tensor("target_probabilities", "float32", (steps.positions,), values)


def _logs(steps: Steps) -> list[str]:
    return _tensor("log_probabilities", "float32", (steps.positions,), _row(steps.log_probability, _fixed))


def _number(name: str, read: Callable[[Steps], float]) -> Callable[[Steps], list[str]]:
    return lambda steps: _tensor(name, "float32", (), f"{read(steps):.9g}")


def _one_call(steps: Steps) -> list[str]:
    B, T, V = steps.logits_shape
    return [
        f"logits           {(B, T, V)} → {steps.flat_shape}",
        f"targets          {(B, T)} → ({steps.inputs.size},)",
        f"F.cross_entropy  {steps.torch_cross_entropy:.9g}",
        f"cross_entropy    {steps.cross_entropy:.9g}",
        f"Δ                {steps.cross_entropy - steps.torch_cross_entropy:.1e}",
    ]


_TENSORS: dict[int, Callable[[Steps], list[str]]] = {
    1: _ids,
    2: _logits,
    3: _probabilities,
    4: _chosen,
    5: _chosen,
    6: _picked,
    7: _logs,
    8: _number("mean_log_probability", lambda steps: steps.mean_log_probability),
    9: _number("cross_entropy", lambda steps: steps.cross_entropy),
    10: _one_call,
    11: _number("perplexity", lambda steps: steps.perplexity),
}


def _fixed(value: float) -> str:
    return f"{value:7.4f}"


def _scientific(value: float) -> str:
    return f"{value:.4e}"
