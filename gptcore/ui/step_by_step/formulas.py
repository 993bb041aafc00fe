"""Each step's formula with this example's numbers in it, as LaTeX. Only numbers: no visitor's text comes in here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gptcore.number_format import perplexity, probability_in_latex
from gptcore.results.report import Ids
from gptcore.results.steps import Steps

_MOST = 3  # numbers written out before the dots


def formula(step: int, steps: Steps) -> str:
    """Step 1 to 11's formula."""
    return _FORMULAS[step](steps)


def _ids(steps: Steps) -> str:
    inputs, targets = _matrix(steps.inputs), _matrix(steps.targets)
    return rf"\text{{inputs}} = {inputs} \qquad \text{{targets}} = {targets}"


def _matrix(ids: Ids) -> str:
    columns = 6
    lines = []
    for row in ids[:_MOST]:
        cells = [str(int(i)) if i >= 0 else r"\cdot" for i in row[:columns]]
        lines.append(" & ".join([*cells, r"\cdots"] if len(row) > columns else cells))
    if len(ids) > _MOST:
        lines.append(r"\vdots")
    body = r" \\ ".join(lines)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _logits(steps: Steps) -> str:
    V, target = steps.vocab_size, int(steps.target_id[0])
    return (
        rf"z_1 = W h_1 \in \mathbb{{R}}^{{{_whole(V)}}}"
        rf" \qquad z_{{1,\,{target}}} = w_{{{target}}} \cdot h_1 = {steps.target_logit[0]:.4f}"
    )


def _softmax(steps: Steps) -> str:
    target = int(steps.target_id[0])
    return (
        rf"p_{{1,\,{target}}} = \frac{{\exp z_{{1,\,{target}}}}}{{\sum_v \exp z_{{1,v}}}}"
        rf" = \frac{{e^{{{steps.target_logit[0]:.4f}}}}}{{e^{{{steps.log_normalizer_nats[0]:.4f}}}}}"
        rf" = {probability_in_latex(float(steps.target_probability[0]))}"
    )


def _argmax(steps: Steps) -> str:
    chosen = int(steps.predicted_id[0])
    p = probability_in_latex(float(steps.predicted_probability[0]))
    return rf"\operatorname*{{argmax}}_v\; p_{{1,v}} = {chosen} \qquad p_{{1,\,{chosen}}} = {p}"


def _text(steps: Steps) -> str:
    first = steps.example == 0
    return r" \qquad\allowbreak ".join(
        rf"\operatorname{{decode}}({_listed([str(int(i)) for i in ids[first]], 6)})"
        for ids in (steps.target_id, steps.predicted_id)
    )


def _pick(steps: Steps) -> str:
    parts = [
        rf"P_{{{n + 1},\,{int(token)}}} = {probability_in_latex(float(p))}"
        for n, (token, p) in enumerate(zip(steps.target_id, steps.target_probability, strict=True))
    ]
    return r"p_i = P_{i,\,\text{target}}: \quad\allowbreak " + _unbroken(parts)


def _log(steps: Steps) -> str:
    pairs = zip(steps.target_probability, steps.log_probability, strict=True)
    parts = [rf"\ln ({probability_in_latex(float(p))}) = {_nats(float(ln))}" for p, ln in pairs]
    return _unbroken(parts)


def _mean(steps: Steps) -> str:
    written = [_nats(float(ln)) for ln in steps.log_probability]
    shown = written if len(written) <= 6 else [*written[:4], r"\cdots ", written[-1]]
    total = "".join(part if n == 0 or part.startswith("-") else f"+{part}" for n, part in enumerate(shown))
    N = steps.positions
    summed = _nats(float(steps.log_probability.sum(dtype=np.float64)))
    middle = rf"\frac{{{total}}}{{{N}}} = \frac{{{summed}}}{{{N}}}"
    return rf"\frac{{1}}{{{N}}} \sum_i \ln p_i = {middle} = {_nats(steps.mean_log_probability)}"


def _negate(steps: Steps) -> str:
    return rf"-\frac{{1}}{{N}} \sum_i \ln p_i = -({_nats(steps.mean_log_probability)}) = {_nats(steps.cross_entropy)}"


def _one_call(steps: Steps) -> str:
    return (
        rf"-\frac{{1}}{{{steps.positions}}} \sum_{{i=1}}^{{{steps.positions}}}"
        r" \left( z_{i,\,\text{target}} - \ln \sum_v \exp z_{i,v} \right)"
        rf" = {_nats(steps.torch_cross_entropy)}"
    )


def _exp(steps: Steps) -> str:
    written = perplexity(steps.perplexity).replace(",", "{,}").replace("∞", r"\infty")
    exponent = f"{steps.cross_entropy:.7f}" if np.isfinite(steps.cross_entropy) else r"\infty"
    return rf"\text{{perplexity}} = e^{{\text{{cross-entropy}}}} = e^{{{exponent}}} = {written}"


_FORMULAS: dict[int, Callable[[Steps], str]] = dict(
    enumerate((_ids, _logits, _softmax, _argmax, _text, _pick, _log, _mean, _negate, _one_call, _exp), start=1)
)


def _listed(parts: list[str], most: int, between: str = r",\; ") -> str:
    return between.join(parts if len(parts) <= most else [*parts[:most], r"\ldots"])


def _unbroken(equations: list[str]) -> str:
    """Equations in a row, which breaks only between them where the screen is narrow."""
    return _listed([f"{{{equation}}}" for equation in equations], _MOST, r" \quad\allowbreak ")


def _nats(amount: float) -> str:
    return f"{amount:.4f}" if np.isfinite(amount) else r"\infty" if amount > 0 else r"-\infty"


def _whole(number: int) -> str:
    return f"{number:,}".replace(",", "{,}")
