"""Many seeds or many examples: scored side by side, and their records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptcore._lazy import lazy_exports

if TYPE_CHECKING:
    from gptcore.sweeps.runner import compare_examples as compare_examples
    from gptcore.sweeps.runner import score_seed as score_seed
    from gptcore.sweeps.runner import sweep_seeds as sweep_seeds
    from gptcore.sweeps.seed_lists import parse_seeds as parse_seeds
    from gptcore.sweeps.seed_lists import write_seeds as write_seeds

_HOME = {
    "compare_examples": "runner",
    "score_seed": "runner",
    "sweep_seeds": "runner",
    "parse_seeds": "seed_lists",
    "write_seeds": "seed_lists",
}
__all__ = sorted(_HOME)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _HOME)
