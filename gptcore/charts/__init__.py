"""The figures of the pages: each takes a result and returns a Plotly figure.

>>> from gptcore import SIZES, Example, charts, score, untrained_model
>>> report = score(untrained_model(SIZES["toy"], seed=123), [Example("every effort moves", "effort moves you")])
>>> charts.target_probabilities(report).layout.xaxis.type
'log'

Here the words on a figure are optional: they are English unless others are given as `words=`. The modules of this
package hold the functions themselves, which take their words from the page that shows them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

from gptcore.texts import text_in

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HOME = {
    "target_probabilities": ("report_positions", "explore", "chart_target_probabilities"),
    "log_probabilities": ("report_positions", "explore", "chart_log_probabilities"),
    "perplexity_ruler": ("ruler", "explore", "chart_perplexity"),
    "top_tokens": ("report_distribution", "explore", "chart_top_tokens"),
    "rank_curve": ("report_distribution", "explore", "chart_rank_curve"),
    "seed_losses": ("seeds", "compare", "chart_seeds"),
    "seed_positions": ("seed_spread", "compare", "chart_seed_positions"),
    "position_spread": ("seed_spread", "compare", "chart_spread"),
    "text_losses": ("compared_texts", "compare", "chart_texts"),
    "difference_waterfall": ("compared_texts", "compare", "chart_difference"),
    "layer_heat": ("layers", "layers", "chart_layers"),
    "bits_per_byte_bars": ("text_costs", "compare_vocabularies", "chart_bits_per_byte"),
    "model_bars": ("compared_models", "compare_models", "chart_models"),
    "list_losses": ("many_texts", "many_texts", "chart_list"),
    "surprise_along": ("long_text", "long_text", "chart_surprise_along"),
    "rank_histogram": ("long_text", "long_text", "chart_ranks"),
    "watched_probabilities": ("training", "train", "chart_targets"),
    "perplexity_curve": ("training", "train", "chart_curve"),
    "push_on_logits": ("logit_gradients", "train", "chart_push"),
    "before_and_after": ("logit_gradients", "train", "chart_distribution"),
    "two_losses": ("training", "train", "chart_losses"),
}
"""The module of each figure, and where its English words are: the file and the table in it."""

__all__ = sorted(_HOME)  # noqa: PLE0605


@cache
def _in_english(name: str) -> Callable[..., go.Figure]:
    """A figure's function whose `words` are optional and come after all others."""
    module, file, table = _HOME[name]
    draw: Callable[..., go.Figure] = getattr(import_module(f"{__name__}.{module}"), name)
    order = [parameter for parameter in signature(draw).parameters if parameter != "words"]

    @wraps(draw)
    def drawn(*results: Any, words: dict[str, str] | None = None, **settings: Any) -> go.Figure:
        given = dict(zip(order, results, strict=False))
        return draw(**given, **settings, words=words or text_in("en", file).group(table))

    return drawn


def __getattr__(name: str) -> Callable[..., go.Figure]:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _in_english(name)


def __dir__() -> list[str]:
    return __all__
