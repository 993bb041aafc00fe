"""Why does my number differ? The choices that decide a perplexity, each with its number on this text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore import number_format
from gptcore.results.report import perplexity_of
from gptcore.ui.jobs.progress import follow, status
from gptcore.ui.long_text.job import measuring_job
from gptcore.ui.long_text.source import LongText
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import current_style, number_card
from gptcore.ui.widgets.glossary import meaning
from gptcore.ui.widgets.live_chart import live_chart

if TYPE_CHECKING:
    from gptcore.results.text_report import TextReport
    from gptcore.results.windows import Measurement

MAX_TOKENS_AT_STRIDE_ONE = 600
"""A window for each token is too much to ask for a longer text."""

_GUIDE = "https://huggingface.co/docs/transformers/perplexity"
_HARNESS = "https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/model_guide.md"
LINKS = {
    "whole": _HARNESS,
    "half": _GUIDE,
    "quarter": _GUIDE,
    "one": _GUIDE,
    "first": "https://huggingface.co/spaces/evaluate-metric/perplexity",
    "not_first": "https://github.com/kanishkamisra/minicons",
    "word": "https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf",
    "byte": "https://arxiv.org/abs/2101.00027",
    "bits": "https://github.com/kanishkamisra/minicons",
    "windows": _GUIDE,
}
"""Where each way of measuring is described."""

Measured = Mapping[tuple[int, bool], "Measurement"]


@dataclass(frozen=True)
class Way:
    """One way of writing a measurement: per token, word or byte; in nats or bits; over tokens or windows."""

    per: str = "token"
    log: str = "nats"
    average: str = "tokens"

    def nats(self, measured: Measurement) -> float:
        """The loss in nats per unit; nan for a text without such units."""
        of_windows = self.average == "windows"
        total = measured.mean_of_windows_nats * measured.tokens if of_windows else measured.total_nats
        count = {"token": measured.tokens, "word": measured.words, "byte": measured.bytes}[self.per]
        return total / count if count else math.nan

    def loss(self, measured: Measurement) -> float:
        """The loss in the chosen logarithm."""
        return self.nats(measured) / (math.log(2) if self.log == "bits" else 1.0)

    def perplexity(self, measured: Measurement) -> float:
        """The perplexity, which no logarithm changes."""
        return perplexity_of(self.nats(measured))


def why_it_differs(report: TextReport, choice: ModelChoice, entered: LongText) -> None:
    """The section: closed it costs nothing; open, the text is measured at each stride."""
    text = page_text("differences")
    with st.expander(text("title"), icon=":material/rule:", key="why_it_differs", on_change="rerun") as section:
        if not section.open:
            return
        st.markdown(text("lead"))
        strides = strides_of(report, choice.config.context_length)
        job = measuring_job(choice, entered.text, ways_of(strides))
        own = report.measurement()

        def draw() -> None:
            if not job.finished:
                status(job, text("unit_measurements"), "long_strides_job")
            found = {(m.stride, m.first_token): m for m in job.records} | {(own.stride, own.first_token): own}
            _switches(found, own, strides)
            st.markdown(_table(found, own, strides))
            _chart(found, own.first_token, strides)

        follow(lambda: job.active, draw)


def strides_of(report: TextReport, context_length: int) -> dict[str, int]:
    """The strides that are measured, by name: whole context, half, a quarter; 1 for a short text; the page's own."""
    strides = {"whole": context_length, "half": context_length // 2, "quarter": context_length // 4}
    if len(report.text.token_id) <= MAX_TOKENS_AT_STRIDE_ONE:
        strides["one"] = 1
    if report.stride not in strides.values():
        strides["own"] = report.stride
    return {name: stride for name, stride in strides.items() if stride >= 1}


def ways_of(strides: Mapping[str, int]) -> list[tuple[int, bool]]:
    """What is measured: every stride without and with the first token, the costly stride of 1 last and only without."""
    quick = [stride for name, stride in strides.items() if name != "one"]
    return [(stride, first) for first in (False, True) for stride in quick] + [(1, False)] * ("one" in strides)


def _switches(found: Measured, own: Measurement, strides: Mapping[str, int]) -> None:
    """A switch for each choice, and the number that they lead to."""
    text = page_text("differences")
    names = {stride: name for name, stride in strides.items()}
    st.session_state.setdefault("why_stride", own.stride)
    if st.session_state["why_stride"] not in names:
        st.session_state["why_stride"] = own.stride
    with st.container(horizontal=True, vertical_alignment="bottom", key="why_switches"):
        stride = _choose(
            "stride",
            list(names),
            lambda s: text("stride_option", stride=number_format.count(s), share=text(f"shares.{names[s]}")),
        )
        first = st.toggle(text("first"), value=own.first_token, key="why_first", persist_state="session")
        way = Way(*(_choose(name, list(words), words.__getitem__) for name, words in _options().items()))
    measured = found.get((stride, first))
    if measured is None:
        st.caption(text("not_measured"))
        return
    base, loss, perplexity = own.perplexity, way.loss(measured), way.perplexity(measured)
    left, right, words = st.columns([1, 1, 2])
    with left:
        unit = text(f"logs.{way.log}")
        reading = text("loss_reading", unit=unit, what=text(f"pers.{way.per}"))
        number_card("why_loss", text("loss"), number_format.nats(loss), reading, help=meaning("loss", "nat", "bit"))
    with right:
        factor = perplexity / base if math.isfinite(base) else math.nan
        same = abs(factor - 1) < 5e-7
        reading = text("reading_same") if same else text("reading_ratio", factor=f"{factor:,.4g}")
        written = number_format.perplexity(perplexity)
        number_card("why_perplexity", text("perplexity"), written, reading, help=meaning("perplexity"), kind="result")
    with words:
        st.markdown(
            text(
                "how",
                total=f"{measured.total_nats:,.2f}",
                tokens=number_format.count(measured.tokens),
                words=number_format.count(measured.words),
                bytes=number_format.count(measured.bytes),
                windows=number_format.count(measured.windows),
            )
        )
        if way.average == "windows":
            st.markdown(text("wrong_average"))
        if measured.windows == 1:
            st.markdown(text("one_window"))


def _options() -> dict[str, dict[str, str]]:
    text = page_text("differences")
    return {name: text.group(f"{name}s") for name in ("per", "log", "average")}


def _choose(name: str, options: Sequence[Any], written: Any) -> Any:
    st.session_state.setdefault(f"why_{name}", options[0])
    return st.segmented_control(
        page_text("differences")(name),
        options,
        format_func=written,
        key=f"why_{name}",
        required=True,
        persist_state="session",  # also while the section is closed
    )


def _table(found: Measured, own: Measurement, strides: Mapping[str, int]) -> str:
    """Every way with its number on this text, as a Markdown table: our own words and numbers, none of the visitor's."""
    text = page_text("differences")
    rows: list[tuple[str, Measurement | None, Way]] = [
        (name, found.get((stride, own.first_token)), Way()) for name, stride in strides.items() if name != "own"
    ]
    rows += [("first", found.get((own.stride, True)), Way()), ("not_first", found.get((own.stride, False)), Way())]
    rows += [("word", own, Way("word")), ("byte", own, Way("byte", "bits")), ("bits", own, Way(log="bits"))]
    rows += [("windows", own, Way(average="windows"))]
    heads = [text(f"column_{name}") for name in ("what", "loss", "perplexity", "who", "link")]
    lines = ["| " + " | ".join(heads) + " |", "|---|---:|---:|---|---|"]
    for name, measured, way in rows:
        loss = perplexity = "…"
        if measured is not None:
            unit = text("loss_reading", unit=text(f"logs.{way.log}"), what=text(f"pers.{way.per}"))
            loss = f"{number_format.nats(way.loss(measured))} {unit}"
            perplexity = number_format.perplexity(way.perplexity(measured))
        what = text(f"rows.{name}", stride=number_format.count(strides.get(name, 0)))
        lines.append(f"| {what} | {loss} | {perplexity} | {text(f'who.{name}')} | [{text('link')}]({LINKS[name]}) |")
    return "\n".join(lines)


def _chart(found: Measured, first_token: bool, strides: Mapping[str, int]) -> None:
    """Perplexity and time at each stride that is measured."""
    from gptcore.charts.long_text import strides as strides_chart

    text = page_text("differences")
    ready = [found[stride, first_token] for stride in sorted(strides.values()) if (stride, first_token) in found]
    if len(ready) < 2 or all(measured.windows == 1 for measured in ready):
        return
    narrow, wide = ready[0], ready[-1]
    figure = strides_chart(
        [m.stride for m in ready],
        [m.perplexity for m in ready],
        [m.seconds for m in ready],
        text.group("chart_strides"),
        current_style(),
    )
    with st.container(border=True):
        live_chart(
            figure,
            "chart_strides",
            text(
                "chart_strides.summary",
                widest=number_format.count(wide.stride),
                narrowest=number_format.count(narrow.stride),
                wide=number_format.perplexity_at(wide.cross_entropy),
                narrow=number_format.perplexity_at(narrow.cross_entropy),
                wide_seconds=f"{wide.seconds:.2g}",
                narrow_seconds=f"{narrow.seconds:.2g}",
            ),
            title=text("chart_strides.title"),
        )
