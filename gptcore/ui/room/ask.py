"""What a teacher can ask of the screen: the kind, the position, the press of a button; the answer is computed."""

from __future__ import annotations

import streamlit as st

from gptcore.classroom.lessons import LessonQuestion
from gptcore.classroom.questions import Kind, Question, free_question
from gptcore.classroom.report_questions import OF_A_POSITION, kinds_for, question_of
from gptcore.errors import InputError
from gptcore.examples import Example
from gptcore.token_display import visible
from gptcore.ui.examples.state import Typed, read_rows
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.room.actions import refusal
from gptcore.ui.room.offers import offered_step
from gptcore.ui.room.session import Visit, rooms
from gptcore.ui.state.translations import page_text

_WITH_TEMPERATURE = ("explore", "compare")
_PRESSED = "_room_ask"


def ask_controls(visit: Visit, page: str, choice: ModelChoice) -> None:
    """The kinds of question, and the button that asks the class."""
    text = page_text("classroom")
    try:
        rows = read_rows(choice)
    except InputError:
        rows = []
    examples = tuple(row.example for row in rows if row.example is not None)
    positions: list[str] = []
    kinds: tuple[Kind, ...] = ("free",)
    if rows and not any(row.error for row in rows):
        positions = _positions(rows, choice)
        untrained = choice.of_kind.seeded
        kinds = (*kinds_for(len(positions), len(examples), untrained=untrained), "free")
    if page == "train" and offered_step() is not None:
        kinds = ("training_step", *kinds)
    if st.session_state.get("ask_kind") not in kinds:
        st.session_state["ask_kind"] = kinds[0]
    kind: Kind = st.selectbox(
        text("ask_kind"), kinds, key="ask_kind", format_func=text.group("kinds").__getitem__,
        label_visibility="collapsed", persist_state="session", width=260,
    )  # fmt: skip
    if kind == "free":
        with st.popover(text("free_button"), icon=":material/edit:"):
            st.text_input(text("free_text"), key="ask_text", max_chars=300, persist_state="session")
            st.text_area(text("free_options"), key="ask_options", max_chars=2_000, persist_state="session")
    position = 0
    if kind in OF_A_POSITION:
        if st.session_state.get("ask_position", 0) not in range(len(positions)):
            st.session_state["ask_position"] = 0
        position = st.selectbox(
            text("ask_position"), range(len(positions)), key="ask_position", format_func=positions.__getitem__,
            label_visibility="collapsed", persist_state="session", width=190,
        )  # fmt: skip
    st.button(text("ask"), key="ask", type="primary", icon=":material/front_hand:", shortcut="A", on_click=_press)
    if st.session_state.pop(_PRESSED, False):
        _ask(visit, page, choice, examples, kind, position)
    if len(kinds) == 1:
        st.caption(text("texts_first"))


def prepare_question(question: LessonQuestion) -> None:
    """Choose a lesson's question, so that one press asks it."""
    state = st.session_state
    state["ask_kind"], state["ask_position"] = question.kind, question.position
    if question.kind == "free":
        state["ask_text"], state["ask_options"] = question.text, "\n".join(question.options)


def chosen_question() -> LessonQuestion:
    """The question that is chosen, as a lesson keeps it."""
    state = st.session_state
    options = tuple(option.strip() for option in (state.get("ask_options") or "").splitlines() if option.strip())
    free = state.get("ask_kind") == "free"
    return LessonQuestion(
        state.get("ask_kind", "perplexity"),
        int(state.get("ask_position") or 0),
        (state.get("ask_text") or "") if free else "",
        options if free else (),
    )


def _press() -> None:
    st.session_state[_PRESSED] = True


def _ask(
    visit: Visit, page: str, choice: ModelChoice, examples: tuple[Example, ...], kind: Kind, position: int
) -> None:
    try:
        rooms().ask(visit.code, visit.key, make_question(page, choice, examples, kind, position))
    except InputError as error:
        refusal(error)
    else:
        st.rerun()


def make_question(page: str, choice: ModelChoice, examples: tuple[Example, ...], kind: Kind, position: int) -> Question:
    """Make a question about what is on the screen.

    Raises:
        InputError: Where the model or the texts have no answer.
    """
    state = st.session_state
    if kind == "free":
        return free_question(state.get("ask_text") or "", (state.get("ask_options") or "").splitlines())
    if kind == "training_step":
        step = offered_step()
        if step is None:
            raise InputError("not_askable", "no step of a training is on the screen")
        return step
    from gptcore.ui.models.result_cache import report_for

    temperature = float(state.get("temperature") or 1.0) if page in _WITH_TEMPERATURE else 1.0
    return question_of(report_for(choice, examples, temperature), kind, position)


def _positions(rows: list[Typed], choice: ModelChoice) -> list[str]:
    """Each scored position by the token it reads and the token it should predict."""
    tokenizer = choice.tokenizer
    names: list[str] = []
    for row in rows:
        if row.encoded is None:
            continue
        for read, target in zip(row.encoded.inputs, row.encoded.targets, strict=True):
            if target >= 0:
                pieces = (visible(tokenizer.piece(int(token))) for token in (read, target))
                names.append(f"{len(names) + 1}: {' → '.join(pieces)}")
    return names
