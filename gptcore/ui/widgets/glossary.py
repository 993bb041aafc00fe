"""What the words of a page mean, where they stand: as the help of a number or a field, and at the foot of the page."""

from __future__ import annotations

import streamlit as st

from gptcore.ui.state.translations import page_text, prose

WORDS = {
    "explore": (
        "token prompt_target loss cross_entropy log_probability perplexity nat uniform v top_prediction rank entropy"
        " surprise share logit softmax scientific bytes shape flatten weights seed"
    ),
    "step_by_step": (
        "token prompt_target logit softmax argmax hidden symbols ln nat cross_entropy flatten shape perplexity uniform"
    ),
    "perplexity": "loss perplexity uniform v nat bit bits_per_byte tokenizer surprise underflow overfitting step",
    "long_text": (
        "token loss cross_entropy perplexity nat bit bits_per_byte tokenizer context_length window surprise rank"
        " entropy"
    ),
    "compare": (
        "loss cross_entropy perplexity uniform v seed standard_deviation sigma nat surprise bits_per_byte waterfall"
        " delta top_prediction weights"
    ),
    "train": (
        "loss perplexity backpropagation gradient gradient_norm step one_hot symbols validation overfitting window"
        " sizes float16 uniform weights"
    ),
    "classroom": "token prompt_target loss cross_entropy perplexity nat uniform v",
}
"""The words that each page uses, by their keys in glossary.toml, in the order in which a reader needs them."""


def meaning(*words: str) -> str:
    """What some words mean, a paragraph each: for the help of a number or a field."""
    text = page_text("glossary")
    return "\n\n".join(text("entry", name=text(f"names.{word}"), meaning=text(f"meanings.{word}")) for word in words)


def words_used(page: str) -> None:
    """The page's words with their meanings, closed until a reader wants them.

    Args:
        page: The page's file name; one without words of its own shows nothing.
    """
    words = WORDS.get(page, "").split()
    if words:
        with st.expander(page_text("glossary")("title"), icon=":material/menu_book:", key="words_used"):
            st.markdown(prose("primer"))
            st.markdown("\n".join(f"- {meaning(word)}" for word in words))
