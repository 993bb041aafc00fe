"""Questions that people ask of losses and perplexities: a plain answer to each, and where to see it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from gptcore import number_format
from gptcore.errors import InputError
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.reveal import reveal_next

QUESTIONS: Mapping[str, tuple[str, Mapping[str, str], str]] = {
    "alignment": ("explore", {"alignment": "paired"}, ""),
    "space": (
        "explore",
        {"model": "trained_small", "alignment": "continuation", "prompt_1": "every", "target_1": "effort"},
        "",
    ),
    "softmax": ("perplexity", {"exercise": "logits"}, "exercise"),
    "tiny": ("perplexity", {"model": "untrained", "exercise": "untrained"}, "exercise"),
    "logs": ("perplexity", {}, "part_logs"),
    "negate": ("step_by_step", {"step": "9"}, ""),
    "flatten": ("step_by_step", {"step": "10"}, ""),
    "numbers": ("perplexity", {"faces": "47678"}, "picture_landmarks"),
    "exceed": ("perplexity", {"exercise": "sure"}, "exercise"),
    "below": ("compare", {"compare": "seeds"}, ""),
    "step": ("train", {"train_section": "backpropagation"}, ""),
    "goal": ("perplexity", {}, "part_low"),
    "means": ("perplexity", {"exercise": "lengths"}, "exercise"),
    "compare": ("perplexity", {"exercise": "compare"}, "exercise"),
}
"""Where each is shown: the page, what its address says, and the key of the part to scroll to; "" is its top.

Where an answer is about one kind of model, the address names it: under another, the page would show something else.
"""


def questions(choice: ModelChoice) -> None:
    """The questions with their answers, at the foot of every page; closed until somebody looks.

    Args:
        choice: The model whose vocabulary's size is named in them.
    """
    text, pages = page_text("questions"), page_text("app").group("pages")
    part = st.expander(text("title"), icon=":material/help:", key="questions", on_change="rerun")
    if not part.open:
        return
    try:
        vocab_size = choice.vocab_size
    except InputError:  # the model is gone: the page says so
        return
    said = {
        "vocabulary": number_format.count(vocab_size),
        "tiny": f"{1 / vocab_size:.5f}",
        "uniform": number_format.probability(1 / vocab_size),
        "ln_vocabulary": number_format.nats(math.log(vocab_size)),
    }
    with part:
        for name, (page, query, part_key) in QUESTIONS.items():
            with st.container(gap="xxsmall"):
                st.markdown(f"**{text(f'asked.{name}', **said)}**  \n{text(f'answers.{name}', **said)}")
                label = text("show", page=pages[page])
                go = st.button(label, key=f"question_{name}", icon=":material/arrow_forward:", type="tertiary")
            if go:
                reveal_next(part_key)
                url.go_to(page, {**st.query_params.to_dict(), **query})
