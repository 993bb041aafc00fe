"""Exercises of the page Perplexity: what a reader turns by hand, one at a time, in a part that runs by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from gptcore import number_format
from gptcore.examples import Example
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.perplexity.logit_spread import why_one_in_v
from gptcore.ui.perplexity.seven_logits import seven_logits
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import chart, current_style

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999)
"""What the one token gets in "sure and wrong"."""
MOST_TOKENS = 200
PERPLEXITIES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_257)
QUESTIONS = ("text", "tokenizer", "unit", "context")
_LENGTHS = {"length_a": 30, "length_b": 5, "perplexity_a": 10, "perplexity_b": 1_000}


def exercises(choice: ModelChoice, examples: Sequence[Example] | None) -> None:
    """The exercise that the reader chose."""
    text = page_text("exercises")
    url.value("exercise", "logits", url.one_of(*EXERCISES))
    st.pills(
        text("choose"), list(EXERCISES), format_func=text.group("names").__getitem__, key="exercise",
        required=True, persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    with st.container(border=True, key="part_exercise"):
        EXERCISES[st.session_state["exercise"]](choice, examples)


def _sure_and_wrong(vocab_size: int) -> None:
    """A distribution from sure and right over uniform to sure and wrong, and where its loss stands to ln V."""
    import numpy as np

    from gptcore.charts.exercises import sure_and_wrong
    from gptcore.exercises import Sureness, loss_of_leads
    from gptcore.ui.widgets.figures import KeptFigure

    text = page_text("exercises")
    st.markdown(text("sure.lead"))
    shares = [share for share in SHARES if share > 1 / vocab_size]
    options = [*(-share for share in reversed(shares)), 0.0, *shares]
    url.value("sure", 0.0, url.one_of(*options))
    st.select_slider(
        text("sure.slider"), options, format_func=_share_words, key="sure", persist_state="session", width="stretch"
    )
    chosen = Sureness(vocab_size, float(st.session_state["sure"]))
    furthest = Sureness(vocab_size, options[-1]).lead
    leads = np.linspace(-furthest, furthest, 241)
    said = {
        "loss": number_format.nats(chosen.loss),
        "perplexity": number_format.perplexity_at(chosen.loss),
        "vocabulary": number_format.count(vocab_size),
        "uniform": number_format.nats(Sureness(vocab_size, 0.0).loss),
    }
    st.markdown(
        text(
            f"sure.answer_{_side(chosen.share)}",
            **said,
            p=number_format.probability(float(np.exp(chosen.log_probability))),
            share=_percent(chosen.share) if chosen.share > 0 else "",
            others=number_format.count(vocab_size - 1),
            factor=number_format.factor(chosen.perplexity / vocab_size),
        )
    )
    data = (leads, loss_of_leads(vocab_size, leads), chosen.lead, chosen.loss, vocab_size)
    words = text.group("chart_sure")
    figure = KeptFigure(sure_and_wrong, data, words, current_style(), by=(vocab_size, chosen.share))
    chart(figure, "chart_sure", text("chart_sure.summary", **said))


def _side(share: float) -> str:
    return "uniform" if share == 0 else "right" if share < 0 else "wrong"


def _share_words(share: float) -> str:
    return page_text("exercises")(f"sure.{_side(share)}", share=_percent(abs(share)))


def _percent(share: float) -> str:
    """A round share with all its digits.

    >>> _percent(0.99999), _percent(0.5)
    ('99.999%', '50%')
    """
    return f"{100 * share:g}%"


def _two_lengths() -> None:
    """Two texts whose lengths can be dragged, and three averages of which one is the perplexity of both."""
    from gptcore.charts.exercises import two_lengths
    from gptcore.exercises import averages
    from gptcore.ui.widgets.figures import KeptFigure

    text, state = page_text("exercises"), st.session_state
    st.markdown(text("lengths.lead"))
    for column, letter in zip(st.columns(2, gap="medium"), "ab", strict=True):
        with column:
            length, perplexity = f"length_{letter}", f"perplexity_{letter}"
            url.value(length, _LENGTHS[length], url.whole_number(1, MOST_TOKENS))
            st.slider(text(f"lengths.{length}"), 1, MOST_TOKENS, key=length, persist_state="session")
            url.value(perplexity, _LENGTHS[perplexity], url.one_of(*PERPLEXITIES))
            st.select_slider(
                text(f"lengths.{perplexity}"), PERPLEXITIES, format_func=number_format.count, key=perplexity,
                persist_state="session", width="stretch",
            )  # fmt: skip
    lengths, perplexities = ((int(state[f"{what}_a"]), int(state[f"{what}_b"])) for what in ("length", "perplexity"))
    found = averages(lengths, perplexities)
    a, b = (averages((1,), (perplexity,)).loss for perplexity in perplexities)
    one, other = number_format.nats(a), number_format.nats(b)
    rows = (
        (
            text("lengths.right"),
            f"exp(({lengths[0]} × {one} + {lengths[1]} × {other}) / {sum(lengths)})",
            found.over_tokens,
        ),
        (text("lengths.of_perplexities"), f"({perplexities[0]:,} + {perplexities[1]:,}) / 2", found.of_perplexities),
        (
            text("lengths.of_losses"),
            text("lengths.equal_only", formula=f"exp(({one} + {other}) / 2)"),
            found.of_losses,
        ),
    )
    st.table(
        {
            text("lengths.which"): [f"**{name}**" if n == 0 else name for n, (name, _, _) in enumerate(rows)],
            text("lengths.how"): [how for _, how, _ in rows],
            text("lengths.amount"): [number_format.perplexity(amount) for _, _, amount in rows],
        },
        border="horizontal",
    )
    data = (lengths, (a, b), found.loss, averages((1,), (found.of_perplexities,)).loss)
    figure = KeptFigure(two_lengths, data, text.group("chart_lengths"), current_style())
    right, wrong = number_format.perplexity(found.over_tokens), number_format.perplexity(found.of_perplexities)
    chart(figure, "chart_lengths", text("chart_lengths.summary", all=sum(lengths), right=right, wrong=wrong))
    st.caption(text("lengths.follows"))


def _may_compare() -> None:
    """Four questions, and what follows from the answers."""
    from gptcore.exercises import may_compare

    text, state = page_text("exercises"), st.session_state
    st.markdown(text("compare.lead"))
    left, right = st.columns(2, gap="medium")
    with left:
        for question in QUESTIONS:
            key = f"same_{question}"
            url.value(key, True, lambda words: url.one_of("0", "1")(words) == "1", lambda same: str(int(same)))
            st.segmented_control(
                text(f"compare.{question}"), (True, False),
                format_func=lambda same: text("compare.yes" if same else "compare.no"), key=key, required=True,
                persist_state="session",
            )  # fmt: skip
    found = may_compare(**{question: bool(state[f"same_{question}"]) for question in QUESTIONS})
    with right, st.container(key="may_compare"):
        show = st.success if found.verdict == "yes" else st.error if found.verdict == "no" else st.warning
        show(text(f"verdicts.{found.verdict}"))
        st.markdown("\n".join(f"1. {text(f'remedies.{remedy}')}" for remedy in found.remedies))


EXERCISES: dict[str, Callable[[ModelChoice, Sequence[Example] | None], None]] = {
    "logits": lambda choice, examples: seven_logits(),
    "sure": lambda choice, examples: _sure_and_wrong(choice.vocab_size),
    "untrained": why_one_in_v,
    "lengths": lambda choice, examples: _two_lengths(),
    "compare": lambda choice, examples: _may_compare(),
}
"""What draws each exercise for a model and texts, by the name that the address gives it."""
