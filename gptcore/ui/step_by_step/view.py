"""One step as the page shows it, with all its parts: title, sentence, formula, picture, tensors, code."""

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
from gptcore.ui.state.translations import page_text
from gptcore.ui.step_by_step.controls import LAST
from gptcore.ui.step_by_step.questions import step_question
from gptcore.ui.widgets.basics import projecting, with_words
from gptcore.ui.widgets.predict import ask_first, compare_with_choice, is_covered


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
    covered = bool(st.session_state["predict"] and not st.session_state["shown"])
    with st.container(gap=None, key="step_heading"):
        title = text("progress", step=step, last=LAST) if covered else f"{step}. {text(f'titles.{step}')}"
        st.header(title, anchor=False)
        if "sentence" not in hidden and not covered:
            st.markdown(text(f"sentences.{step}", vocabulary=number_format.count(steps.vocab_size)))
    if covered:
        asked = step_question(step, steps)
        ask_first("step", _subject(step, examples), asked.words, asked.choices, key="step", on_answer=_uncover)
    else:
        from gptcore.ui.step_by_step.formulas import formula
        from gptcore.ui.step_by_step.panels import show_picture

        if not is_covered("step", *_subject(step, examples)):
            asked = step_question(step, steps)
            compare_with_choice("step", asked.right, asked.choices[asked.right])
        with st.container(key="step_formula"):
            st.latex(with_words(formula(step, steps)))
        panel = st.session_state["panel"] if projecting() else "picture"
        if steps.underflows and step == 7:
            st.info(text("underflow", torch=number_format.nats(steps.torch_cross_entropy)), icon=":material/info:")
        if panel == "picture":
            with st.container(border=True, key="step_picture"):
                show_picture(step, steps, examples)
        elif panel == "tensors":
            _tensors(step, steps)
        else:
            _code(step)
    if not projecting():
        _tensors_and_code(step, steps, covered, "code" in hidden)


def _subject(step: int, examples: Sequence[Example]) -> tuple[object, ...]:
    return (step, tuple(examples))


def _tensors_and_code(step: int, steps: Steps, covered: bool, code_hidden: bool) -> None:
    parts: list[Callable[[], object]] = []
    if not covered:
        parts.append(lambda: _tensors(step, steps))
    if not code_hidden and not covered:
        parts.append(lambda: _code(step))
    for column, draw in zip(
        st.columns(([50, 50] if steps.whole else [45, 55])[-len(parts) :]) if parts else [], parts, strict=True
    ):
        with column:
            draw()


def _tensors(step: int, steps: Steps) -> None:
    from gptcore.ui.step_by_step.tensors import tensors

    _titled(page_text("step_by_step")("tensors"), tensors(step, steps), None, "step_tensors")


def _code(step: int) -> None:
    _titled(page_text("step_by_step")("code"), source(step), "python", "step_code")


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


def _uncover() -> None:
    st.session_state["shown"] = True
