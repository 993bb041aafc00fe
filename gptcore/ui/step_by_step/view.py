"""Step by step as a page shows it: where one is, what a presenter hides, and one step with all its parts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from gptcore import number_format
from gptcore.config import SIZES
from gptcore.examples import Example
from gptcore.presets import SEVEN_WORD_EXAMPLES
from gptcore.results.steps import Steps
from gptcore.ui.models.choice import DEFAULT_SEED, ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.html_picture import picture_styles
from gptcore.ui.widgets.press_counter import count_presses

LAST = 11
HIDEABLE = ("sentence", "code")
VOCABULARIES = ("gpt2", "seven")


def step_controls(place: Any, buttons: Any) -> tuple[int, str]:
    """Which step, on which vocabulary: drawn here, the presenter's switches in `place`, next and back in `buttons`."""
    text = page_text("step_by_step")
    picture_styles()
    step, _ = url.value("step", 1, url.whole_number(1, LAST))
    vocabulary, _ = url.value("vocabulary", "gpt2", url.one_of(*VOCABULARIES))
    url.switch("shown")
    _presenter(place)
    _buttons(buttons, step)
    names, vocabularies = text.group("names"), text.group("vocabularies")
    with st.container(horizontal=True, vertical_alignment="center", key="step_bar", gap="xxsmall"):
        # Buttons, since a row of radio buttons would keep the arrow keys to itself once it was clicked.
        for name in VOCABULARIES:
            _choice(f"vocabulary_{name}", vocabularies[name], name == vocabulary, _use, name)
        st.space("small")
        for n in range(1, LAST + 1):
            _choice(f"step_{n}", f"{n} {names[str(n)]}", n == step, _go, n)
    return int(step), str(vocabulary)


def chosen_steps(
    choice: ModelChoice, examples: tuple[Example, ...] | None, vocabulary: str
) -> tuple[Steps, tuple[Example, ...]] | None:
    """The walk on the chosen vocabulary, with its examples; None while the visitor's texts need mending.

    Raises:
        InputError: As `gptcore.step_by_step.run_steps` does, and "no_memory".
    """
    from gptcore.ui.models.result_cache import with_model

    def make(model: Any) -> Steps:
        from gptcore.step_by_step import run_steps

        return run_steps(model, wanted)

    if vocabulary == "seven":
        wanted: tuple[Example, ...] = SEVEN_WORD_EXAMPLES
        return with_model(seven_word_model(choice), "steps", make), wanted
    if examples is None:
        return None
    wanted = examples
    return with_model(choice, ("steps", examples), make), wanted


def seven_word_model(choice: ModelChoice) -> ModelChoice:
    """The untrained model of seven words, of the visitor's seed."""
    return ModelChoice("untrained", "toy", SIZES["toy"].context_length, seven_word_seed(choice))


def seven_word_seed(choice: ModelChoice) -> int:
    """The seven-word model is drawn from the visitor's seed, or from the first one where theirs has none."""
    return choice.seed if choice.of_kind.seeded else DEFAULT_SEED


def show_step(step: int, steps: Steps, examples: Sequence[Example]) -> None:
    """One step: title, sentence, formula, picture, tensors, code; its result covered while the class predicts."""
    text = page_text("step_by_step")
    hidden = st.session_state["hide"]
    covered = st.session_state["predict"] and not st.session_state["shown"]
    with st.container(gap=None, key="step_heading"):
        st.header(f"{step}. {text(f'titles.{step}')}", anchor=False)
        if "sentence" not in hidden:
            st.markdown(text(f"sentences.{step}", vocabulary=number_format.count(steps.vocab_size)))
    if covered:
        _question(step, steps)
    else:
        from gptcore.ui.step_by_step.formulas import formula
        from gptcore.ui.step_by_step.panels import show_picture

        with st.container(key="step_formula"):
            st.latex(formula(step, steps))
        if steps.underflows and step == 7:
            st.info(text("underflow", torch=number_format.nats(steps.torch_cross_entropy)), icon=":material/info:")
        with st.container(border=True, key="step_picture"):
            show_picture(step, steps, examples)
    _tensors_and_code(step, steps, covered, "code" in hidden)


def _choice(key: str, label: str, current: bool, choose: Callable[..., None], value: object) -> None:
    st.button(label, key=key, type="primary" if current else "secondary", on_click=choose, args=(value,))


def _buttons(place: Any, step: int) -> None:
    """First, back, where one is, next, last; each has its key."""
    text = page_text("step_by_step")
    with (
        place,
        st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="step_buttons"),
    ):
        for name, by, icon, key in (
            ("first", -LAST, "first_page", "Home"),
            ("back", -1, "chevron_left", "Left"),
            ("next", 1, "chevron_right", "Right"),
            ("last", LAST, "last_page", "End"),
        ):
            st.button(
                text(name) if name in ("back", "next") else "",
                key=f"step_{name}",
                icon=f":material/{icon}:",
                shortcut=key,
                type="primary" if name == "next" else "secondary",
                disabled=step == (1 if by < 0 else LAST),
                help=text(name) if name in ("first", "last") else None,
                on_click=_move,
                args=(by,),
            )
            if name == "back":
                st.markdown(text("progress", step=step, last=LAST), width="content")
    count_presses(
        "step_presses",
        {"step_first": -LAST, "step_back": -1, "step_next": 1, "step_last": LAST},
        {"Home": "step_first", "ArrowLeft": "step_back", "ArrowRight": "step_next", "End": "step_last"},
        _move,
    )


def _presenter(place: Any) -> None:
    text = page_text("step_by_step")
    url.switch("predict")
    url.value("hide", [], _read_hidden, ",".join)
    with place:
        st.markdown(f"**{text('teaching')}**")
        st.toggle(text("predict"), key="predict", persist_state="session", help=text("predict_help"), on_change=_cover)
        st.pills(
            text("hide"),
            HIDEABLE,
            selection_mode="multi",
            format_func=text.group("parts").__getitem__,
            key="hide",
            persist_state="session",
        )


def _read_hidden(words: str) -> list[str]:
    parts = words.split(",")
    if not set(parts) <= set(HIDEABLE):
        raise ValueError(words[:20])
    return [part for part in HIDEABLE if part in parts]


def _question(step: int, steps: Steps) -> None:
    text = page_text("step_by_step")
    question = text(
        f"questions.{step}",
        vocabulary=number_format.count(steps.vocab_size),
        cells=number_format.count(steps.positions * steps.vocab_size),
        uniform=number_format.nats(float(-_ln(1 / steps.vocab_size))),
        shape=steps.logits_shape,
        loss=number_format.nats(steps.cross_entropy),
    )
    with st.container(border=True, horizontal_alignment="center", key="step_question"):
        st.subheader(question, anchor=False, text_alignment="center")
        st.button(text("show"), key="step_show", icon=":material/visibility:", shortcut="S", on_click=_uncover)


def _tensors_and_code(step: int, steps: Steps, covered: bool, code_hidden: bool) -> None:
    from gptcore.ui.step_by_step.tensors import tensors

    text = page_text("step_by_step")
    parts: list[Callable[[], object]] = []
    if not covered:
        parts.append(lambda: _titled(text("tensors"), tensors(step, steps), None, "step_tensors"))
    if not code_hidden:
        parts.append(lambda: _titled(text("code"), source(step), "python", "step_code"))
    for column, draw in zip(
        st.columns(([48, 52] if steps.whole else [45, 55])[-len(parts) :]) if parts else [], parts, strict=True
    ):
        with column:
            draw()


def _titled(title: str, code: str, language: str | None, key: str) -> None:
    with st.container(gap="xsmall", key=key):
        st.markdown(f"**{title}**")
        st.code(code, language=language, wrap_lines=True)


def source(step: int) -> str:
    """The source of the functions that a step runs."""
    from gptcore import step_by_step as chain

    functions: dict[int, tuple[Callable[..., object], ...]] = {
        1: (chain.text_to_token_ids,),
        2: (chain.hidden_states, chain.vocabulary_logits),
        3: (chain.softmax,),
        4: (chain.argmax,),
        5: (chain.token_ids_to_text,),
        6: (chain.pick_targets,),
        7: (chain.log,),
        8: (chain.mean,),
        9: (chain.negate,),
        10: (chain.cross_entropy,),
        11: (chain.exp,),
    }
    return "\n\n".join(inspect.getsource(function).rstrip() for function in functions[step])


def _use(vocabulary: str) -> None:
    st.session_state["vocabulary"] = vocabulary


def _go(step: int) -> None:
    st.session_state["step"] = step
    _cover()


def _move(by: int) -> None:
    """So many steps on from where the visitor is by then: presses come faster than pages."""
    _go(min(LAST, max(1, url.standing("step", url.whole_number(1, LAST)) + by)))


def _cover() -> None:
    st.session_state["shown"] = False


def _uncover() -> None:
    st.session_state["shown"] = True


def _ln(p: float) -> float:
    import math

    return math.log(p)
