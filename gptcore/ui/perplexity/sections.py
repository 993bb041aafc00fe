"""The page Perplexity: the die and its curves, landmarks, underflow, means, units; each answers to the visitor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from gptcore import number_format
from gptcore.results.report import NATS_PER_BIT
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import chart, code_span, current_style, number_card, operator
from gptcore.ui.widgets.glossary import meaning
from gptcore.ui.widgets.html_picture import picture, shown

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gptcore.results.report import Report

    Figures = dict[str, go.Figure]  # by title

MOST_FACES = 1_000_000
DEFAULT_FACES = 6
DEFAULT_TOKENS, MOST_TOKENS = 30, 200


def die_and_curves(report: Report | None, vocab_size: int) -> Figures:
    """The slider, and what a perplexity of as many faces is: a die, a point on each curve, a sentence."""
    from gptcore.charts import die as charts
    from gptcore.ui.widgets.figures import KeptFigure

    text, style = page_text("perplexity"), current_style()
    own = report.perplexity if report is not None else None
    faces = _faces_control(own, vocab_size)
    cost, each = math.log(faces), charts.faces_per_cell(faces)
    written = {
        "faces": number_format.count(faces),
        "vocabulary": number_format.count(vocab_size),
        "nats": number_format.nats(cost),
    }
    st.markdown(text(f"readings.{_zone(faces, vocab_size)}", **written, bits=number_format.nats(cost / math.log(2))))
    p = number_format.probability(1 / faces)
    targets = report.target_probability if report is not None else np.empty(0)
    uniform = {"vocabulary": number_format.count(vocab_size)}
    curve = text.group("chart_exponential")
    figures = {
        "chart_die": KeptFigure(charts.die, (faces, vocab_size), text.group("chart_die"), style),
        "chart_surprise": KeptFigure(
            charts.surprise_curve,
            (faces, targets, vocab_size),
            text.group("chart_surprise"),
            style,
            by=(faces, report, vocab_size),
        ),
        "chart_exponential": KeptFigure(
            charts.exponential_curve,
            (faces, own, vocab_size),
            curve | {"uniform": curve["uniform"].format(**uniform)},
            style,
        ),
    }
    for column, (name, figure) in zip(st.columns(3), figures.items(), strict=True):
        kind = "_cells" if name == "chart_die" and each > 1 else ""
        with column, st.container(border=True, height="stretch"):
            chart(figure, name, text(f"{name}.summary{kind}", **written, p=p, each=each), title=text(f"{name}.title"))
    return {text(f"{name}.title"): figure for name, figure in figures.items()}


def _faces_control(own: float | None, vocab_size: int) -> int:
    """The slider over the faces, and a button for each landmark."""
    text, state = page_text("perplexity"), st.session_state
    from gptcore.interpretation import LANDMARKS

    own_faces = round(own) if own is not None and own <= MOST_FACES else None
    marks = [1, 6, *LANDMARKS[1:], vocab_size, 2 * vocab_size] + ([own_faces] if own_faces else [])
    options = sorted({*_round_numbers(), *marks})
    url.value("faces", DEFAULT_FACES, url.whole_number(1, MOST_FACES))
    nearest = min(options, key=lambda option: abs(math.log(option / state["faces"])))
    url.correct("faces", nearest, str(nearest), in_query=nearest != DEFAULT_FACES)
    st.select_slider(
        text("faces"),
        options,
        format_func=number_format.count,
        key="faces",
        persist_state="session",
        width="stretch",
        help=text("faces_help"),
    )
    with st.container(horizontal=True, key="landmark_buttons", gap="small"):
        for mark in dict.fromkeys(marks):
            is_own, shown_mark = mark == own_faces, number_format.count(mark)
            named = {1: "certain", 6: "die", vocab_size: "uniform", 2 * vocab_size: "twice"}.get(mark, "")
            label = (
                text("own", perplexity=shown_mark)
                if is_own
                else f"{shown_mark} {text(f'marks.{named}')}"
                if named
                else shown_mark
            )
            st.button(
                label,
                key="faces_own" if is_own else f"faces_{mark}",
                type="primary" if mark == state["faces"] else "secondary",
                on_click=_choose_faces,
                args=(mark,),
            )
    return int(state["faces"])


def _round_numbers() -> list[int]:
    steps = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)
    return [round(step * 10**power) for power in range(1, 6) for step in steps] + list(range(1, 10)) + [MOST_FACES]


def _choose_faces(faces: int) -> None:
    st.session_state["faces"] = faces


def _zone(faces: int, vocab_size: int) -> str:
    if faces == 1:
        return "certain"
    return "few" if faces < vocab_size else "even" if faces == vocab_size else "beyond"


def landmarks(report: Report | None, vocab_size: int) -> None:
    """A table of perplexities with bars on a log scale, the visitor's own among them."""
    from gptcore.interpretation import LANDMARKS

    text = page_text("perplexity")
    vocabulary = number_format.count(vocab_size)
    rows = [(float(mark), text(f"landmarks.{mark}", vocabulary=vocabulary), "") for mark in LANDMARKS]
    rows += [(float(vocab_size), text("landmarks.uniform"), ""), (2.0 * vocab_size, text("landmarks.beyond"), "")]
    if report is not None:
        rows.append((report.perplexity, text("landmarks.own"), "t"))
    finite = [value for value, _, _ in rows if math.isfinite(value)]
    widest = math.log(max(finite))
    body = "".join(
        f'<tr style="--long:{min(1, math.log(value) / widest):.3f}">'
        f'<td class="out mono {kind}">{number_format.perplexity(value) if kind else number_format.count(value)}</td>'
        f'<td class="out mono">{number_format.nats(math.log(value))}</td>'
        f'<td class="out bars"><span class="measure {kind}"></span></td>'
        f'<td class="out words {kind}">{shown(meaning, 400).replace("␣", " ")}</td></tr>'
        for value, meaning, kind in sorted(rows)
    )
    names = (text("landmarks.perplexity"), text("landmarks.nats"), "", text("landmarks.meaning"))
    heads = "".join(f'<th scope="col" class="out">{name}</th>' if name else '<td class="bars"></td>' for name in names)
    own = number_format.perplexity_at(report.cross_entropy) if report is not None else "–"
    summary = text("landmarks.summary", vocabulary=vocabulary, own=own)
    table = f'<table class="landmarks"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
    picture(table, "picture_landmarks", summary, wide=True)


def underflow(report: Report) -> Figures:
    """The product that becomes 0 beside the sum that does not, over as many tokens as the slider says."""
    from gptcore.charts.interpretation import underflow as figure_of
    from gptcore.interpretation import underflow as underflow_of
    from gptcore.ui.widgets.figures import KeptFigure

    text = page_text("perplexity")
    st.markdown(text("why_logs"))
    url.value("tokens", DEFAULT_TOKENS, url.whole_number(2, MOST_TOKENS))
    st.slider(text("tokens"), 2, MOST_TOKENS, key="tokens", persist_state="session", help=text("tokens_help"))
    count = int(st.session_state["tokens"])
    found = underflow_of(report.log_probability, count)
    kind = "_never" if found.zero_float32 is None else "_late" if found.zero_float64 is None else ""
    summary = text(
        f"chart_underflow.summary{kind}",
        zero32=found.zero_float32,
        zero64=found.zero_float64,
        count=count,
        sum=number_format.nats(float(found.summed_logs[-1])),
    )
    words = text.group("chart_underflow")
    data = (found.summed_logs, found.product_logs, found.zero_float32)
    figure = KeptFigure(figure_of, data, words, current_style(), by=(report, count))
    chart(figure, "chart_underflow", summary)
    return {text("headings.logs"): figure}


def means(report: Report) -> Figures:
    """The mean of the texts' perplexities against the perplexity of them all."""
    from gptcore.charts.interpretation import means as figure_of
    from gptcore.interpretation import mean_of_perplexities
    from gptcore.ui.widgets.figures import KeptFigure

    text = page_text("perplexity")
    parts = report.per_example()
    if len(parts) < 2:
        st.info(text("chart_means.one_text"), icon=":material/info:")
        st.page_link("pages/explore.py", label=text("to_explore"), icon=":material/search_insights:")
        return {}
    wrong = mean_of_perplexities(report)
    losses = parts["cross_entropy"].to_numpy()
    data = (losses, report.cross_entropy, wrong)
    figure = KeptFigure(figure_of, data, text.group("chart_means"), current_style(), by=report)
    summary = text(
        "chart_means.summary",
        wrong=number_format.perplexity(wrong),
        right=number_format.perplexity_at(report.cross_entropy),
    )
    chart(figure, "chart_means", summary)
    return {text("headings.means"): figure}


def units(report: Report) -> Figures:
    """The loss in nats and bits a token and bits a byte, the trap of the base, each target's bits."""
    from gptcore.charts.interpretation import bits_of_bytes
    from gptcore.interpretation import bits_per_byte_of_tokens
    from gptcore.interpretation import units as units_of
    from gptcore.ui.widgets.figures import KeptFigure

    text, found = page_text("perplexity"), units_of(report)
    nats, by_ln2, bits, by_bytes, each = st.columns([10, 3, 10, 3, 10], gap="xsmall")
    for column, name, amount in (
        (nats, "nats", found.nats_per_token),
        (bits, "bits", found.bits_per_token),
        (each, "bytes", found.bits_per_byte),
    ):
        with column:
            number_card(
                f"unit_{name}",
                text(f"units.{name}"),
                number_format.bits_per_byte(amount) if name == "bytes" else number_format.nats(amount),
                text(f"units.{name}_reading"),
                help=meaning({"nats": "nat", "bits": "bit", "bytes": "bits_per_byte"}[name]),
            )
    with by_ln2:
        operator(text("units.by_ln2"), text("units.a_bit"))
    with by_bytes:
        tokens, length = number_format.count(report.positions), number_format.count(report.target_bytes)
        operator(text("units.by_bytes", tokens=tokens, bytes=length), text("units.tokens_bytes"))
    st.markdown(
        text(
            "units.trap",
            right=number_format.perplexity_at(report.cross_entropy),
            right_bits=number_format.perplexity_at(found.bits_per_token * NATS_PER_BIT),
            wrong=number_format.perplexity(found.two_to_the_nats),
        )
    )
    lengths, per_byte = bits_per_byte_of_tokens(report)
    words = text.group("chart_units")
    data = (lengths, per_byte, report.target_piece, found.bits_per_byte)
    figure = KeptFigure(bits_of_bytes, data, words, current_style(), by=report)
    summary = text(
        "chart_units.summary",
        positions=tokens,
        bytes=length,
        bits=number_format.nats(found.bits_per_token * report.positions),
        mean=number_format.bits_per_byte(found.bits_per_byte),
    )
    chart(figure, "chart_units", summary, title=words["title"])
    return {words["title"]: figure}


def learned_by_heart() -> Figures:
    """A text that is learned beside one that is not, after as many updates as the slider says."""
    from gptcore.charts.interpretation import by_heart
    from gptcore.tokenizers.seven_words import SEVEN_WORDS
    from gptcore.training import memorization
    from gptcore.ui.widgets.figures import KeptFigure

    text, last = page_text("perplexity"), memorization.UPDATES
    learned, new = (code_span(str(example.prompt)) for example in (memorization.LEARNED, memorization.NEW))
    st.markdown(text("by_heart", learned=learned, new=new))
    url.value("updates", last, url.whole_number(0, last))
    st.slider(text("updates"), 0, last, key="updates", persist_state="session", help=meaning("step"))
    step, rows = int(st.session_state["updates"]), memorization.learned_by_heart()
    best = int(rows.new_perplexity.argmin())
    data = (rows, step, len(SEVEN_WORDS))
    figure = KeptFigure(by_heart, data, text.group("chart_by_heart"), current_style(), by=step)
    summary = text(
        f"chart_by_heart.summary_{'after' if step >= best else 'before'}",
        step=step,
        learned=number_format.perplexity(float(rows.learned_perplexity[step])),
        new=number_format.perplexity(float(rows.new_perplexity[step])),
        best=best,
        lowest=number_format.perplexity(float(rows.new_perplexity[best])),
    )
    chart(figure, "chart_by_heart", summary)
    return {text("headings.low"): figure}
