"""Continue the prompt by hand: the visitor picks one of the most likely tokens each time, and sees the loss so far."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from gptcore import number_format
from gptcore.errors import InputError
from gptcore.number_reading import read_whole
from gptcore.token_display import visible
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.result_cache import with_model
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence, number_card
from gptcore.ui.widgets.glossary import meaning

if TYPE_CHECKING:
    from gptcore.generation import Continuation, NewToken
    from gptcore.language_model import LanguageModel

MOST_BY_HAND = 100
_TAKEN, _STEP = "generate_hand", "hand_step"
_LIKELIEST = 12
_WRITTEN_OUT = 5  # terms of the mean; more would be a line of numbers that nobody reads


def taken_tokens(choice: ModelChoice) -> tuple[int, ...]:
    """The ids of the tokens that were taken, as the address or the session says; none under another vocabulary."""
    state, vocabulary = st.session_state, choice.tokenizer.name
    taken, _ = url.value(_TAKEN, (), lambda words: _read(words, choice.vocab_size), _written)
    if taken and state.get("_hand_vocabulary", vocabulary) != vocabulary:
        taken = ()
        url.correct(_TAKEN, taken, "")
    state["_hand_vocabulary"] = vocabulary
    return tuple(taken)


def go_on_by_hand(token_ids: Sequence[int]) -> None:
    """Take the tokens that the model wrote, to change any of them."""
    st.session_state["generate_by"] = "by_hand"
    _keep(token_ids[:MOST_BY_HAND])


def by_hand_view(choice: ModelChoice, prompt: Sequence[int], taken: tuple[int, ...]) -> None:
    """The text so far and its loss, its steps, and what is likely at the chosen one."""
    text = page_text("generation")
    if (given := url.refused(_TAKEN)) is not None:
        st.warning(text("hand_refused", given=code_span(given)), icon=":material/error:")

    def make(model: LanguageModel) -> Continuation:
        from gptcore.generation import score_continuation

        return score_continuation(model, prompt, taken, _LIKELIEST)

    try:
        continued = with_model(choice, ("by_hand", tuple(prompt), taken), make)
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
        return
    with st.container(key="generated"):
        st.code(choice.tokenizer.decode([*prompt, *taken]), language=None, wrap_lines=True)
    step = _steps(choice, taken)
    _likeliest(choice, continued, taken, step)
    if continued.tokens:
        _loss_so_far(choice, continued)
        _table(choice, continued)


def _steps(choice: ModelChoice, taken: tuple[int, ...]) -> int:
    """Every token that was taken, to go back to, and the next one; which of them is open."""
    text, state = page_text("generation"), st.session_state
    if not taken:
        return 0
    if state.get(_STEP) not in range(len(taken) + 1):
        state[_STEP] = len(taken)
    pieces = [code_span(choice.tokenizer.piece(token_id), 20) for token_id in taken]
    with st.container(horizontal=True, vertical_alignment="bottom", key="hand_steps"):
        st.pills(
            text("hand_steps"),
            range(len(taken) + 1),
            format_func=[*pieces, text("hand_next")].__getitem__,
            key=_STEP,
            required=True,
            help=text("hand_steps_help"),
        )
        st.button(text("hand_undo"), key="hand_undo", icon=":material/undo:", on_click=_keep, args=(taken[:-1],))
        st.button(
            text("hand_clear"),
            key="hand_clear",
            icon=":material/delete:",
            type="tertiary",
            on_click=_keep,
            args=((),),
        )
    return int(state[_STEP])


def _likeliest(choice: ModelChoice, continued: Continuation, taken: tuple[int, ...], step: int) -> None:
    """The most likely tokens of a step, to be taken; the one that was taken stands out."""
    text = page_text("generation")
    if step == MOST_BY_HAND:
        st.info(text("hand_full", limit=MOST_BY_HAND), icon=":material/info:")
        return
    here = continued.steps[step]
    st.markdown(f"**{text('hand_pick', number=step + 1)}**")
    if here.taken is not None:
        st.caption(text("hand_replaces", token=code_span(choice.tokenizer.piece(here.taken.token_id))))
    with st.container(horizontal=True, gap="small", key="hand_likeliest"):
        for token in here.likeliest:
            is_taken = here.taken is not None and token.token_id == here.taken.token_id
            st.button(
                f"{code_span(choice.tokenizer.piece(token.token_id), 30)} {_share(token)}",
                key=f"take_{step}_{token.token_id}",
                type="primary" if is_taken else "secondary",
                on_click=_keep,
                args=((*taken[:step], token.token_id),),
            )


def _share(token: NewToken) -> str:
    """A probability in as few digits as a button has room for."""
    p = token.probability
    return number_format.percent(p) if p >= 0.001 else number_format.probability(p, token.log_probability)


def _loss_so_far(choice: ModelChoice, continued: Continuation) -> None:
    """The mean −ln p of the tokens that were taken, as a sum where that is short, and its exp."""
    text, tokens = page_text("generation"), continued.tokens
    cross_entropy, perplexity = continued.cross_entropy, continued.perplexity
    assert cross_entropy is not None
    assert perplexity is not None
    terms = " + ".join(number_format.nats(-token.log_probability) for token in tokens)
    reading = "hand_loss.reading" if len(tokens) > _WRITTEN_OUT else "hand_loss.reading_sum"
    left, right = st.columns(2)
    with left:
        number_card(
            "hand_cross_entropy",
            text("hand_loss.label"),
            number_format.nats(cross_entropy),
            text(reading, count=len(tokens), terms=terms),
            help=meaning("loss", "cross_entropy"),
        )
    with right:
        number_card(
            "hand_perplexity",
            text("hand_loss.perplexity"),
            number_format.perplexity_at(cross_entropy),
            page_text("explore")(
                "perplexity.reading_certain" if perplexity < 1.005 else "perplexity.reading",
                count=number_format.count(perplexity),
                vocabulary=number_format.count(choice.vocab_size),
            ),
            help=meaning("perplexity"),
            kind="result",
        )


def _table(choice: ModelChoice, continued: Continuation) -> None:
    """Every token that was taken: its probability, its rank, its surprise, and the loss up to it."""
    text, tokens = page_text("generation"), continued.tokens
    columns = text.group("columns")
    sums = itertools.accumulate(-token.log_probability for token in tokens)
    means = [total / (n + 1) for n, total in enumerate(sums)]
    st.dataframe(
        {
            "token": [visible(choice.tokenizer.piece(token.token_id)) for token in tokens],
            "bar": [token.probability for token in tokens],
            "probability": [number_format.probability(token.probability, token.log_probability) for token in tokens],
            "rank": [token.rank for token in tokens],
            "surprisal": [number_format.nats(-token.log_probability) for token in tokens],
            "loss_so_far": [number_format.nats(mean) for mean in means],
            "perplexity_so_far": [number_format.perplexity_at(mean) for mean in means],
        },
        hide_index=True,
        column_config={
            **{name: st.column_config.TextColumn(words) for name, words in columns.items()},
            "bar": st.column_config.ProgressColumn(columns["bar"], min_value=0.0, max_value=1.0, format=" "),
            "rank": st.column_config.NumberColumn(columns["rank"], format="localized"),
        },
        key="hand_tokens",
        alt=text("table"),
        height=min(38 + 35 * len(tokens), 400),
    )


def _keep(token_ids: Sequence[int]) -> None:
    """Let these be the tokens that were taken; the next one is chosen."""
    st.session_state[_TAKEN] = tuple(token_ids)
    st.session_state.pop(_STEP, None)


def _read(words: str, vocab_size: int) -> tuple[int, ...]:
    token_ids = tuple(read_whole(word) for word in words.split(",")) if words else ()
    if len(token_ids) > MOST_BY_HAND or not all(0 <= token_id < vocab_size for token_id in token_ids):
        raise ValueError(words[:20])
    return token_ids


def _written(token_ids: Sequence[int]) -> str:
    return ",".join(map(str, token_ids))
