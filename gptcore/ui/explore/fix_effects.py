"""What an offered fix does to a row's loss, said once the row's own loss is on the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gptcore import number_format
from gptcore.errors import InputError
from gptcore.ui.examples.notices import OfferedFix
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.result_cache import report_for
from gptcore.ui.state.translations import page_text

if TYPE_CHECKING:
    from gptcore.results.report import Report


def fix_effects(fixes: Iterable[OfferedFix], report: Report, choice: ModelChoice) -> None:
    """Score each row as it would be, and say by how much its loss changes.

    Args:
        fixes: What is offered.
        report: Of all rows as they are.
        choice: The model.
    """
    text, own = page_text("examples"), report.per_example().set_index("example")["cross_entropy"]
    for fix in fixes:
        try:
            fixed = report_for(choice, (fix.example,), report.provenance.temperature)
        except InputError:  # longer than the context with its space, say
            continue
        before, after = (number_format.nats(loss) for loss in (float(own[fix.row - 1]), fixed.cross_entropy))
        fix.place.caption(text("fix_effect", before=before, after=after))
