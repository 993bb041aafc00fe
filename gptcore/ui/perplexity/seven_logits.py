"""Seven logits to be dragged: softmax, the loss and the perplexity of one position answer at once."""

from __future__ import annotations

import math

import streamlit as st

from gptcore import number_format
from gptcore.exercises import ChosenLogits
from gptcore.tokenizers.seven_words import SEVEN_WORDS
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import with_words
from gptcore.ui.widgets.html_picture import picture, shown

MOST = 10.0
"""A logit goes from minus this to this: e^10 is 22,026."""
_KEYS = tuple(f"logit_{word}" for word in SEVEN_WORDS)
_TARGET = "effort"


def seven_logits() -> None:
    """The sliders, what they give, and buttons that change all of them."""
    text = page_text("exercises")
    st.markdown(text("logits.lead"))
    for key in _KEYS:
        url.value(key, 0.0, url.number(-MOST, MOST), lambda logit: f"{logit:g}")
    url.value("logit_target", _TARGET, url.one_of(*SEVEN_WORDS))
    st.segmented_control(text("logits.target"), SEVEN_WORDS, key="logit_target", required=True, persist_state="session")
    left, right = st.columns([46, 54], gap="medium")
    with left:
        with st.container(gap="xxsmall", key="logit_rows"):
            for word, key in zip(SEVEN_WORDS, _KEYS, strict=True):
                _row(word, key)
        with st.container(horizontal=True, key="logit_buttons", gap="small"):
            for name in ("equal", "shift", "double"):
                st.button(
                    text(f"logits.{name}"), key=f"logits_{name}", help=text(f"logits.{name}_help"),
                    on_click=_change_all, args=(name,),
                )  # fmt: skip
    chosen = ChosenLogits(tuple(_logit(key) for key in _KEYS), SEVEN_WORDS.index(st.session_state["logit_target"]))
    with right:
        _table(chosen)
        _formulas(chosen)
    st.caption(text("logits.hints"))


def _logit(key: str) -> float:
    return float(st.session_state[key])


def _row(word: str, key: str) -> None:
    """One word: its name, a button each way, and its slider between them."""
    text = page_text("exercises")
    with st.container(horizontal=True, vertical_alignment="center", key=f"row_{key}", gap="small"):
        st.markdown(f"`{word}`", width="content")
        _button(key, word, "minus", -1.0)
        st.slider(
            text("logits.slider", word=word), -MOST, MOST, step=0.1, format="%.1f", key=key,
            persist_state="session", label_visibility="collapsed", width="stretch",
        )  # fmt: skip
        _button(key, word, "plus", 1.0)


def _button(key: str, word: str, name: str, by: float) -> None:
    icon = {"minus": "remove", "plus": "add"}[name]
    st.button(
        page_text("exercises")(name, word=word), key=f"{name}_{key}", icon=f":material/{icon}:", on_click=_add,
        args=(key, by), disabled=_within(_logit(key) + by) == _logit(key),
    )  # fmt: skip


def _add(key: str, by: float) -> None:
    st.session_state[key] = _within(_logit(key) + by)


def _within(logit: float) -> float:
    return round(min(MOST, max(-MOST, logit)), 1)


def _change_all(name: str) -> None:
    for key in _KEYS:
        logit = _logit(key)
        st.session_state[key] = _within({"equal": 0.0, "shift": logit + 1, "double": 2 * logit}[name])


def _table(chosen: ChosenLogits) -> None:
    """Each word's logit, its power, and its probability as a bar; the target picked out."""
    text = page_text("exercises")
    rows = []
    for n, word in enumerate(SEVEN_WORDS):
        kind, p = "t" if n == chosen.target else "", float(chosen.probability[n])
        rows.append(
            f'<tr style="--long:{p:.4f}"><th scope="row" class="{kind}">{"● " if kind else ""}{shown(word)}</th>'
            f'<td class="out mono">{number_format.nats(chosen.logits[n])[:-3]}</td>'
            f'<td class="out mono">{_power(float(chosen.powers[n]))}</td>'
            f'<td class="out mono {kind}">{number_format.probability(p)}</td>'
            f'<td class="out bars"><span class="measure {kind}"></span></td></tr>'
        )
    total = text("logits.sum", sum=_power(float(chosen.powers.sum())))
    foot = f'<tr><td></td><td></td><td class="out mono">{total}</td><td class="out mono">1</td><td></td></tr>'
    heads = (
        f'<td></td><th scope="col">z</th><th scope="col">{text("logits.powers")}</th><th scope="col">p</th><td></td>'
    )
    summary = text(
        "logits.reading",
        target=SEVEN_WORDS[chosen.target],
        p=number_format.probability(float(chosen.probability[chosen.target])),
        loss=number_format.nats(chosen.loss),
        perplexity=number_format.perplexity_at(chosen.loss),
        uniform=number_format.nats(math.log(len(SEVEN_WORDS))),
    )
    table = f'<table class="softmax"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}{foot}</tbody></table>'
    picture(table, "picture_logits", summary, wide=True)


def _power(power: float) -> str:
    return number_format.nats(power) if power >= 0.001 else f"{power:.1e}"


def _formulas(chosen: ChosenLogits) -> None:
    """The three numbers of the target, as formulas with the reader's own numbers in them."""
    z, normalizer = chosen.logits[chosen.target], chosen.log_normalizer
    p = float(chosen.probability[chosen.target])
    with st.container(key="logit_formulas"):
        st.latex(
            r"p = \frac{e^{z}}{\sum e^{z}}"
            rf" = \frac{{e^{{{z:.1f}}}}}{{{float(chosen.powers.sum()):,.4f}}} = {number_format.probability_in_latex(p)}"
        )
        st.latex(
            rf"\textstyle -\ln p = \ln \sum e^{{z}} - z = {normalizer:.4f} - {z:.1f} = {chosen.loss:.4f}".replace(
                "- -", "+ "
            )
        )
        st.latex(with_words(rf"\text{{perplexity}} = e^{{{chosen.loss:.4f}}} = {chosen.perplexity:,.2f}"))
