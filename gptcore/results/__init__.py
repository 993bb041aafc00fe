"""Results: frozen arrays and plain floats, which the maths hands to charts and pages. No torch here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptcore._lazy import lazy_exports

if TYPE_CHECKING:
    from gptcore.results.comparison import ExampleRecord as ExampleRecord
    from gptcore.results.comparison import ModelComparison as ModelComparison
    from gptcore.results.comparison import aligned_rows as aligned_rows
    from gptcore.results.report import Report as Report
    from gptcore.results.seeds import SeedRecord as SeedRecord
    from gptcore.results.seeds import SeedSummary as SeedSummary
    from gptcore.results.seeds import SeedTable as SeedTable
    from gptcore.results.steps import Steps as Steps
    from gptcore.results.training import StepRecord as StepRecord
    from gptcore.results.training import TrainingRun as TrainingRun

_HOME = {
    "ExampleRecord": "comparison",
    "ModelComparison": "comparison",
    "aligned_rows": "comparison",
    "Report": "report",
    "SeedRecord": "seeds",
    "SeedSummary": "seeds",
    "SeedTable": "seeds",
    "Steps": "steps",
    "StepRecord": "training",
    "TrainingRun": "training",
}
__all__ = sorted(_HOME)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _HOME)
