"""Many seeds on one input, as the Compare page shows them: filling in live, then one seed, the table, the files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import streamlit as st

from gptcore import number_format
from gptcore.config import MAX_SEED
from gptcore.errors import CancelCheck
from gptcore.examples import Example
from gptcore.results.report import perplexity_of
from gptcore.token_display import visible
from gptcore.ui.compare.exports import seeds_code, seeds_downloads
from gptcore.ui.compare.fields import chosen_seeds
from gptcore.ui.compare.seed_faults import on_this_machine, what_went_wrong
from gptcore.ui.jobs.job import Job, own_jobs
from gptcore.ui.jobs.progress import follow, status
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.report.numbers import numbers_of_the_chain
from gptcore.ui.report.table import table as report_table
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, current_style, number_card
from gptcore.ui.widgets.glossary import meaning
from gptcore.ui.widgets.live_chart import live_chart

if TYPE_CHECKING:
    from gptcore.results.seeds import SeedRecord, SeedTable

JOB = "seeds"
_TABLES: WeakKeyDictionary[Job[SeedRecord], tuple[int, SeedTable]] = WeakKeyDictionary()


def seeds_view(choice: ModelChoice, examples: Sequence[Example] | None, temperature: float) -> None:
    """Choose seeds, watch them come in, read what they say.

    Args:
        choice: Which model.
        examples: None while a text needs mending.
        temperature: The logits are divided by it; 1 is the model itself.
    """
    text = page_text("compare")
    if not choice.of_kind.seeded:
        if not choice.has_untrained_twin:
            st.info(text("no_seeds_for_it"), icon=":material/info:")
            st.button(text("use_untrained"), key="use_untrained", on_click=_take_along, args=(choice.seed,))
            return
        st.info(text("only_the_shape"), icon=":material/info:")
    seeds = chosen_seeds()
    url.value("chosen_seed", -1, url.whole_number(-1, MAX_SEED))
    if examples is None or seeds is None:
        return
    key = (choice.config, tuple(examples), tuple(seeds) if not isinstance(seeds, range) else seeds, temperature)
    job: Job[SeedRecord] | None = own_jobs().get(JOB, key)
    if job is None:
        job = _start(key)
    shown, figures = job, dict[str, Any]()
    follow(lambda: shown.active, lambda: figures.update(_draw(shown, key)))
    records = job.records
    if not records:
        return
    table = _table(job, records)
    if job.active and st.session_state["chosen_seed"] not in {-1, *table.seeds.tolist()}:
        return  # it is still to come
    _one_seed(records, table)
    if not job.active:
        _why_above(table)
        if len(records) < len(seeds):
            seeds = table.seeds.tolist()  # stopped before the last: what is taken along has what is here
        seeds_code(choice, examples, seeds, temperature)
        seeds_downloads(records, table, choice, examples, seeds, temperature, figures)


def _start(key: tuple[Any, ...]) -> Job[SeedRecord]:
    config, examples, seeds, temperature = key

    def make(stopped: CancelCheck) -> Iterator[SeedRecord]:
        from gptcore.sweeps.runner import sweep_seeds  # on the job's thread: the page does not wait for torch

        return sweep_seeds(config, examples, seeds, temperature=temperature, here=here, stopped=stopped)

    here = on_this_machine()
    return own_jobs().start(JOB, key, make, len(seeds))


def _go_on(key: tuple[Any, ...]) -> None:
    _start(key)  # what was finished is not computed again


def _draw(job: Job[SeedRecord], key: tuple[Any, ...]) -> dict[str, Any]:
    """How far it is, and all that can be said of the seeds so far; the charts, by title."""
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
        return {}
    table = _table(job, records)
    _cards(table)
    figures = _figures(table)
    titles, (distribution, positions, spread) = list(figures), figures.values()
    with st.container(border=True):
        live_chart(distribution, "chart_seeds", _reading(table), title=titles[0], on_point=_choose)
    left, right = st.columns(2)
    with left, st.container(border=True):
        live_chart(positions, "chart_seed_positions", _positions_reading(table), title=titles[1], on_point=_choose)
    with right, st.container(border=True):
        live_chart(spread, "chart_spread", _spread_reading(table), title=titles[2])
    if st.session_state.pop("_seed_clicked", False) and job.active:
        st.rerun()  # what is said of one seed stands outside of what is drawn again and again
    return figures


def _table(job: Job[SeedRecord], records: Sequence[SeedRecord]) -> SeedTable:
    """The table of a job's records so far: the same one until there are more, so that its figures are kept."""
    from gptcore.results.seeds import SeedTable

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


def _cards(table: SeedTable) -> None:
    text, summary = page_text("compare"), table.summary()
    several = summary.count > 1
    as_perplexity = st.session_state["scale"] == "perplexity"
    values = {
        "count": number_format.count(summary.count),
        "error": number_format.nats(summary.standard_error) if several else "–",
        "deviation": number_format.nats(summary.standard_deviation) if several else "–",
        "uniform": number_format.nats(summary.uniform),
        "vocabulary": number_format.count(table.vocab_size),
        "mean": number_format.nats(summary.mean),
        "factor": number_format.factor(perplexity_of(summary.standard_deviation), digits=4) if several else "–",
    }
    mean, spread, below = st.columns(3)
    with mean:
        name = "mean_perplexity" if as_perplexity else "mean_loss"
        shown = number_format.perplexity(perplexity_of(summary.mean), summary.mean) if as_perplexity else values["mean"]
        words = text(f"{name}.reading", **values)
        number_card("seed_mean", text(f"{name}.label"), shown, words, help=meaning("loss", "standard_deviation"))
    with spread:
        reading = "spread.reading" if several else "spread.reading_one"
        words = text(reading, **values)
        number_card("seed_spread", text("spread.label"), values["deviation"], words, help=meaning("standard_deviation"))
    with below:
        share = text("below.value", below=number_format.count(summary.below_uniform), count=values["count"])
        reading = "below.reading" if summary.below_uniform else "below.reading_none"
        words = text(reading, **values)
        number_card("seed_below", text("below.label"), share, words, help=meaning("uniform", "v"), kind="result")


def _reading(table: SeedTable) -> str:
    """The sentence that reads the distribution."""
    text, summary = page_text("compare"), table.summary()
    lowest, highest = int(table.cross_entropy.argmin()), int(table.cross_entropy.argmax())
    return text(
        "chart_seeds.summary" if summary.count > 1 else "chart_seeds.summary_one",
        below=number_format.count(summary.below_uniform),
        count=number_format.count(summary.count),
        vocabulary=number_format.count(table.vocab_size),
        uniform=number_format.nats(summary.uniform),
        lowest=number_format.nats(float(table.cross_entropy[lowest])),
        lowest_seed=int(table.seeds[lowest]),
        highest=number_format.nats(float(table.cross_entropy[highest])),
        highest_seed=int(table.seeds[highest]),
        mean=number_format.nats(summary.mean),
        error=number_format.nats(summary.standard_error),
    )


def _positions_reading(table: SeedTable) -> str:
    text = page_text("compare")
    flat = int(table.log_probability.argmin())
    seed, position = divmod(flat, table.log_probability.shape[1])
    return text(
        "chart_seed_positions.summary",
        seed=int(table.seeds[seed]),
        target=visible(table.target_piece[position]),
        lowest=number_format.nats(float(table.log_probability.min())),
    )


def _spread_reading(table: SeedTable) -> str:
    text, spread = page_text("compare"), table.per_position()
    if len(table.seeds) < 2:
        return text("chart_spread.summary_one")
    widest = spread.iloc[int(spread["standard_deviation"].to_numpy().argmax())]
    return text(
        "chart_spread.summary",
        target=visible(str(widest["target_piece"])),
        deviation=number_format.nats(float(widest["standard_deviation"])),
        loss_deviation=number_format.nats(table.summary().standard_deviation),
    )


def _why_above(table: SeedTable) -> None:
    """Why the mean lies above ln V: the logits' spread, with this sweep's own."""
    text, summary = page_text("compare"), table.summary()
    sigma, half = math.sqrt(summary.logit_variance), summary.logit_variance / 2
    with st.container(border=True, key="why_above"):
        st.markdown(f"**{text('why.title')}**")
        st.markdown(text("why.lead"))
        st.latex(r"\ln\sum_v e^{z_v} \approx \ln V + \frac{\sigma^2}{2}")
        st.latex(rf"{summary.uniform:.4f} + \frac{{{sigma:.4f}^2}}{{2}} = {summary.uniform + half:.4f}")
        several = summary.count > 1
        st.markdown(
            text(
                "why.reading" if several else "why.reading_one",
                sigma=f"{sigma:.4f}",
                half=number_format.nats(half),
                gap=number_format.signed_nats(summary.gap),
                error=number_format.nats(summary.standard_error),
                apart=f"{abs(summary.gap - half) / summary.standard_error:.1f}" if several else "",
            )
        )


def _one_seed(records: Sequence[SeedRecord], table: SeedTable) -> None:
    """One seed's report, and the way to Explore with it."""
    text = page_text("compare")
    by_seed = {record.seed: record for record in records}
    if st.session_state["chosen_seed"] not in by_seed:
        url.correct("chosen_seed", -1, "-1")
    st.subheader(text("one_seed"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", key="one_seed_fields"):
        st.selectbox(
            text("seed"),
            [-1, *table.seeds.tolist()],
            format_func=lambda seed: text("choose_seed") if seed < 0 else str(seed),
            key="chosen_seed",
            persist_state="session",
            width=260,
        )
        chosen = by_seed.get(st.session_state["chosen_seed"])
        if chosen is not None and st.button(
            text("open_in_explore"),
            key="open_in_explore",
            icon=":material/search_insights:",
            on_click=_take_along,
            args=(chosen.seed,),
        ):
            st.switch_page("pages/explore.py")
    if chosen is None:
        st.caption(text("choose_seed_help"))
        return
    loss = chosen.report.cross_entropy
    st.caption(
        text(
            "seed_place",
            seed=code_span(str(chosen.seed)),
            place=number_format.count(1 + int((table.cross_entropy < loss).sum())),
            count=number_format.count(len(table.seeds)),
        )
    )
    numbers_of_the_chain(chosen.report)
    report_table(chosen.report)


def _take_along(seed: int) -> None:
    """Let the other pages show this seed's model."""
    st.session_state["model"] = "untrained"
    st.session_state["seed"] = seed
