"""Many seeds on one input, as the Compare page shows them: stored or filling in live, then one seed and the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import streamlit as st

from gptcore import number_format
from gptcore.config import MAX_SEED
from gptcore.errors import CancelCheck
from gptcore.examples import Example
from gptcore.sweeps.stored import stored_seeds, stored_table
from gptcore.ui.compare.exports import seeds_code, seeds_downloads
from gptcore.ui.compare.fields import chosen_seeds
from gptcore.ui.compare.one_seed import one_seed, show_everywhere
from gptcore.ui.compare.seed_faults import on_this_machine, what_went_wrong
from gptcore.ui.compare.seed_offers import MOST_WEIGHTS, ask_to_run, offer_to_run
from gptcore.ui.compare.seed_questions import ask_about_seeds, compare_seeds
from gptcore.ui.compare.seed_readings import cards, positions_reading, reading, spread_reading, why_above
from gptcore.ui.jobs.job import Job, own_jobs
from gptcore.ui.jobs.progress import follow, status
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import current_style
from gptcore.ui.widgets.live_chart import live_chart
from gptcore.ui.widgets.predict import is_covered

if TYPE_CHECKING:
    from gptcore.results.seeds import SeedRecord, SeedTable

JOB = "seeds"
_TABLES: WeakKeyDictionary[Job[SeedRecord], tuple[int, SeedTable]] = WeakKeyDictionary()


def seeds_view(choice: ModelChoice, examples: Sequence[Example] | None, temperature: float) -> None:
    """Choose seeds, watch them come in, read what they say; what is stored is there at once.

    Args:
        choice: Which model.
        examples: None while a text needs mending.
        temperature: The logits are divided by it; 1 is the model itself.
    """
    text = page_text("compare")
    if not choice.of_kind.seeded:
        if not choice.has_untrained_twin:
            st.info(text("no_seeds_for_it"), icon=":material/info:")
            st.button(text("use_untrained"), key="use_untrained", on_click=show_everywhere, args=(choice.seed,))
            return
        st.info(text("only_the_shape"), icon=":material/info:")
    seeds = chosen_seeds()
    url.value("chosen_seed", -1, url.whole_number(-1, MAX_SEED))
    if examples is None or seeds is None:
        return
    key = (choice.config, tuple(examples), tuple(seeds) if not isinstance(seeds, range) else seeds, temperature)
    if is_covered("seeds", *key):
        ask_about_seeds(key, len(seeds))
        return
    job: Job[SeedRecord] | None = own_jobs().get(JOB, key)
    stored = stored_seeds(choice.config, examples, seeds, temperature) if job is None else None
    if job is None and stored is None:
        if choice.config.parameters * len(seeds) > MOST_WEIGHTS:
            ask_to_run(choice.config, len(seeds), _start, key)
            return
        job = _start(key)
    ended = True
    if job is None:
        _draw_stored(stored or (), key)
    else:
        shown = job
        ended = follow(lambda: shown.active, lambda: _draw(shown, key))
    records = stored or (job.records if job else ())
    if not records:
        return
    table = _table(job, records)
    compare_seeds(table, whole=len(records) == len(seeds))
    if not ended and st.session_state["chosen_seed"] not in {-1, *table.seeds.tolist()}:
        return  # it is still to come
    one_seed(records, table)
    if ended:  # else more may have come in since
        why_above(table)
        if len(records) < len(seeds):
            seeds = table.seeds.tolist()  # stopped before the last: what is taken along has what is here
        seeds_code(choice, examples, seeds, temperature)
        seeds_downloads(records, table, choice, examples, seeds, temperature, _figures(table))


def _start(key: tuple[Any, ...]) -> Job[SeedRecord]:
    config, examples, seeds, temperature = key

    def make(stopped: CancelCheck) -> Iterator[SeedRecord]:
        from gptcore.sweeps.runner import sweep_seeds  # on the job's thread: the page does not wait for torch

        return sweep_seeds(config, examples, seeds, temperature=temperature, here=here, stopped=stopped)

    here = on_this_machine()
    return own_jobs().start(JOB, key, make, len(seeds))


def _go_on(key: tuple[Any, ...]) -> None:
    _start(key)  # what was finished is not computed again


def _draw_stored(records: Sequence[SeedRecord], key: tuple[Any, ...]) -> None:
    """The stored seeds, in the same places as those that are computed."""
    with st.container():
        offer_to_run(records, _start, key)
    _charts(_table(None, records))


def _draw(job: Job[SeedRecord], key: tuple[Any, ...]) -> None:
    """How far it is, and all that can be said of the seeds so far."""
    text = page_text("compare")
    with st.container():  # what may come and go has a place of its own: the charts below keep theirs
        status(job, text("unit"), "seed_job")
        if not job.active and job.done < (job.total or 0):
            st.button(text("go_on"), key="seed_go_on", icon=":material/play_arrow:", on_click=_go_on, args=(key,))
        what_went_wrong(job, _start, key)
    records = job.records
    if not records:
        if job.active and not job.ahead:
            st.caption(text("drawing", weights=number_format.large_count(key[0].parameters, text.language)))
        return
    _charts(_table(job, records))
    if st.session_state.pop("_seed_clicked", False) and job.active:
        st.rerun()  # what is said of one seed stands outside of what is drawn again and again


def _charts(table: SeedTable) -> None:
    """Draw the cards and the three charts."""
    cards(table)
    figures = _figures(table)
    titles, (distribution, positions, spread) = list(figures), figures.values()
    with st.container(border=True):
        live_chart(distribution, "chart_seeds", reading(table), title=titles[0], on_point=_choose)
    left, right = st.columns(2)
    with left, st.container(border=True):
        live_chart(positions, "chart_seed_positions", positions_reading(table), title=titles[1], on_point=_choose)
    with right, st.container(border=True):
        live_chart(spread, "chart_spread", spread_reading(table), title=titles[2])


def _table(job: Job[SeedRecord] | None, records: Sequence[SeedRecord]) -> SeedTable:
    """The table of the records so far: the same one until there are more, so that its figures are kept."""
    from gptcore.results.seeds import SeedTable

    if job is None:
        return stored_table(tuple(record.seed for record in records))
    count, table = _TABLES.get(job, (0, None))
    if table is None or count != len(records):
        table = SeedTable.of(records)
        _TABLES[job] = len(records), table
    return table


def _choose(seed: int) -> None:
    st.session_state["chosen_seed"] = seed
    st.session_state["_seed_clicked"] = True


def _figures(table: SeedTable) -> dict[str, Any]:
    """The three charts, by title."""
    from gptcore.charts.seed_spread import position_spread, seed_positions
    from gptcore.charts.seeds import seed_losses
    from gptcore.ui.widgets.figures import KeptFigure

    text, style = page_text("compare"), current_style()
    figures = (
        KeptFigure(
            seed_losses,
            (table,),
            text.group("chart_seeds"),
            style,
            perplexity=st.session_state["scale"] == "perplexity",
            chosen=st.session_state.get("chosen_seed", -1),
        ),
        KeptFigure(seed_positions, (table,), text.group("chart_seed_positions"), style),
        KeptFigure(position_spread, (table,), text.group("chart_spread"), style),
    )
    names = ("chart_seeds", "chart_seed_positions", "chart_spread")
    return {text(f"{name}.title"): figure for name, figure in zip(names, figures, strict=True)}
