"""What is scored: the text that was pasted, uploaded or taken from the list, the stride, the first token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from gptcore.errors import InputError
from gptcore.number_format import count
from gptcore.text_files import MAX_TEXT_BYTES, check_text_size
from gptcore.tokenizers.base import clean_text
from gptcore.ui.long_text.texts import STARTING_TEXTS, starting_text
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.kept_texts import KeptText
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence
from gptcore.ui.widgets.text_source import TextSource

if TYPE_CHECKING:
    from gptcore.text_job import TextJob

_SOURCE = TextSource("long")
_ANY = 10**15  # what a field of whole numbers can hold: more is refused with a sentence


@dataclass(frozen=True)
class LongText:
    """What is scored, and how.

    Attributes:
        text: The text.
        stride: How far each window moves, in tokens; None for half the context.
        first_token: Whether an end-of-text token goes before the text, so that its first token is scored.
    """

    text: str
    stride: int | None
    first_token: bool


def entered_text(choice: ModelChoice) -> LongText | None:
    """Draw the fields; what was entered, or None where something needs fixing first."""
    text = page_text("long_text")
    url.value("long_text", starting_text(next(iter(STARTING_TEXTS))), clean_text)
    kept = _SOURCE.restore(text("gone"), is_known=lambda words: words in map(starting_text, STARTING_TEXTS))
    with st.container(horizontal=True, vertical_alignment="bottom", key="long_bar"):
        st.menu_button(
            text("start_from"),
            list(STARTING_TEXTS),
            format_func=text.group("texts").__getitem__,
            key="long_preset",
            icon=":material/lists:",
            on_click=_start_from,
        )
        stride, sound = _stride(choice)
        st.toggle(text("first_token"), key="first_token", persist_state="session", help=text("first_token_help"))
    words = _text_field(kept)
    error = _wrong_text(words)
    if error is not None:
        _say(error)
    return LongText(words, stride, st.session_state["first_token"]) if sound and error is None else None


def prepared_text(choice: ModelChoice, entered: LongText) -> TextJob | None:
    """The text in tokens and windows; None, with a sentence, where it cannot be scored."""
    from gptcore.windows import prepare_text

    try:
        with st.spinner(page_text("models")("scoring")):
            return prepare_text(
                choice.config,
                entered.text,
                stride=entered.stride,
                first_token=entered.first_token,
                tokenizer=choice.tokenizer,
            )
    except InputError as error:
        _say(error)
        return None


def _stride(choice: ModelChoice) -> tuple[int | None, bool]:
    """The field for the stride; its value, and whether it is one."""
    text = page_text("long_text")
    context = choice.config.context_length
    stride, _ = url.value("stride", None, url.whole_number(-_ANY, _ANY))
    refused = url.refused("stride")
    st.number_input(
        text("stride"),
        value=None,
        step=1,
        key="stride",
        persist_state="session",
        placeholder=str(context // 2),
        help=text("stride_help", half=count(context // 2)),
        width=150,
    )
    if refused is None and (stride is None or 1 <= stride <= context):
        return stride, True
    given = refused if refused is not None else str(stride)
    st.warning(text("bad_stride_words", given=code_span(given), limit=count(context)), icon=":material/error:")
    st.button(text("fix_stride"), key="fix_stride", icon=":material/build:", on_click=_forget_stride)
    return None, False


def _text_field(kept: KeptText | None) -> str:
    """The text area beside the upload, or what is known of the file that was uploaded; the text."""
    text = page_text("long_text")
    left, right = st.columns([2, 1])
    with right:
        _SOURCE.uploader(text("upload"), text("upload_help"))
    with left:
        if kept is None:
            st.text_area(
                text("text"),
                key="long_text",
                persist_state="session",
                height=170,
                placeholder=text("text_placeholder"),
                help=text("text_help", limit=count(MAX_TEXT_BYTES)),
            )
            return str(st.session_state["long_text"] or "")
        said = text(
            "file_bom" if kept.bom else "file",
            name=code_span(kept.name),
            encoding=kept.encoding,
            characters=count(len(kept.text)),
        )
        st.info(said, icon=":material/description:")
        st.button(text("file_remove"), key="long_file_remove", icon=":material/close:", on_click=_SOURCE.remove_file)
    return kept.text


def _wrong_text(words: str) -> InputError | None:
    """What is wrong with a text before any of it is read."""
    try:
        check_text_size(words)
    except InputError as error:
        return error
    return None if words else InputError("empty_text", "there is no text to score")


def _say(error: InputError) -> None:
    """Why a text cannot be scored, and the way out."""
    text = page_text("long_text")
    st.warning(error_sentence(error, text if text.has(error.code) else None), icon=":material/error:")
    if error.code == "too_large":
        words = text("fix_shorten", limit=count(MAX_TEXT_BYTES))
        st.button(words, key="fix_text", icon=":material/build:", on_click=_shorten)
    elif error.code in ("empty_text", "too_few_tokens"):
        first = next(iter(STARTING_TEXTS))
        st.button(text("fix_text"), key="fix_text", icon=":material/build:", on_click=_start_from, args=(first,))


def _start_from(name: str | None = None) -> None:
    _SOURCE.remove_file()
    st.session_state["long_text"] = starting_text(name or st.session_state["long_preset"])


def _shorten() -> None:
    """Keep as many bytes of the text as are read, in whole characters."""
    words = clean_text(st.session_state["long_text"]).encode()[:MAX_TEXT_BYTES]
    st.session_state["long_text"] = words.decode(errors="ignore")


def _forget_stride() -> None:
    st.session_state["stride"] = None
