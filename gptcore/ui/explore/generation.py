"""Continue the prompt: token by token, each with its probability; nothing is computed until it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore import number_format
from gptcore.config import MAX_SEED
from gptcore.errors import CancelCheck
from gptcore.examples import Example, prefix_ids, text_ids
from gptcore.token_display import visible
from gptcore.ui.explore.by_hand import by_hand_view, go_on_by_hand, taken_tokens
from gptcore.ui.jobs.job import Job, own_jobs
from gptcore.ui.jobs.progress import follow, status
from gptcore.ui.jobs.turn_queue import FairGate
from gptcore.ui.models.cache import shelf
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.kinds import own_model
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence
from gptcore.ui.widgets.glossary import meaning

if TYPE_CHECKING:
    from gptcore.generation import Chooser, NewToken, Sampling

JOB = "generation"
WAYS = ("greedy", "drawn", "by_hand")
MOST_NEW_TOKENS = 200
LARGEST_TOP_K = 50_257
_DEFAULTS = {"length": 20}
_KEYS = ("generate_by", "generate_length", "generate_temperature", "generate_top_k", "generate_seed", "generate_hand")


def generation_view(choice: ModelChoice, examples: Sequence[Example]) -> None:
    """The section: which prompt, how the next token is chosen, how many, and what came of it."""
    text = page_text("generation")
    settings, number = _state(), _prompt_number(examples)  # the address keeps them while the section is closed
    taken = taken_tokens(choice)
    asked = settings != _DEFAULTS or number > 1 or taken or any(map(url.refused, _KEYS))
    if "generation" not in st.session_state and asked:
        st.session_state["generation"] = True  # the address is about this section
    part = st.expander(text("title"), icon=":material/edit_note:", key="generation", on_change="rerun")
    if not part.open:
        return
    with part:
        st.caption(text("lead"))
        prompt = _prompt(choice, examples, number)
        _fields(settings)
        if not settings:
            by_hand_view(choice, prompt, taken)
            return
        key = (choice, tuple(prompt), *settings.values())
        job: Job[NewToken] | None = own_jobs().get(JOB, key)
        st.button(
            text("again" if job else "start"),
            key="generate",
            icon=":material/play_arrow:",
            type="primary",
            disabled=job is not None and job.active,
            on_click=_start,
            args=(key, choice, prompt, settings),
        )
        if job is not None:
            running = job
            follow(lambda: running.active, lambda: _draw(running, choice, prompt, drawn="seed" in settings))


def _prompt_number(examples: Sequence[Example]) -> int:
    """Which of the texts is continued, from 1."""
    number, _ = url.value("generate_text", 1, url.whole_number(1, 8))
    if number > len(examples):
        number = 1
        url.correct("generate_text", number, "1")
    return int(number)


def _prompt(choice: ModelChoice, examples: Sequence[Example], number: int) -> list[int]:
    """Token ids of the prompt to continue: of several texts, the chosen one's."""
    text = page_text("generation")
    tokenizer = choice.tokenizer
    if len(examples) > 1:
        shown = [visible(_as_text(example.prompt, choice))[:60] for example in examples]
        st.selectbox(
            text("prompt"),
            list(range(1, len(examples) + 1)),
            format_func=lambda n: f"{n}. {shown[n - 1]}",
            key="generate_text",
            persist_state="session",
        )
    prompt = examples[number - 1].prompt
    return prefix_ids(prompt, tokenizer) + text_ids(prompt, tokenizer, "prompt")


def _state() -> dict[str, Any]:
    """The length, and for drawn tokens temperature, top_k and seed; nothing by hand."""
    way, _ = url.value("generate_by", "greedy", url.one_of(*WAYS))
    length, _ = url.value("generate_length", 20, url.whole_number(1, MOST_NEW_TOKENS))
    temperature, _ = url.value("generate_temperature", 1.0, url.number(0.05, 5.0))
    top_k, _ = url.value("generate_top_k", 50, url.whole_number(1, LARGEST_TOP_K))
    seed, _ = url.value("generate_seed", 123, url.whole_number(0, MAX_SEED))
    drawn = {"temperature": temperature, "top_k": top_k, "seed": seed} if way == "drawn" else {}
    return {} if way == "by_hand" else {"length": length, **drawn}


def _fields(settings: dict[str, Any]) -> None:
    """The fields of these settings."""
    text = page_text("generation")
    fields: dict[str, dict[str, Any]] = {}
    if settings:
        fields["generate_length"] = {"min_value": 1, "max_value": MOST_NEW_TOKENS, "step": 5}
    if "seed" in settings:
        fields |= {
            "generate_temperature": {"min_value": 0.05, "max_value": 5.0, "step": 0.1, "format": "%.2f"},
            "generate_top_k": {"min_value": 1, "max_value": LARGEST_TOP_K, "step": 10},
            "generate_seed": {"min_value": 0, "max_value": MAX_SEED, "step": 1},
        }
    with st.container(horizontal=True, vertical_alignment="bottom", key="generate_fields"):
        st.segmented_control(
            text("by"),
            WAYS,
            format_func=text.group("ways").__getitem__,
            key="generate_by",
            required=True,
            persist_state="session",
            help=text("by_help"),
        )
        for key, limits in fields.items():
            words = meaning("top_k") if key == "generate_top_k" else None
            st.number_input(text(f"fields.{key}"), key=key, persist_state="session", width=150, help=words, **limits)
    for key in ("generate_by", *fields):
        if (given := url.refused(key)) is not None:
            field = text("by" if key == "generate_by" else f"fields.{key}")
            st.warning(text("refused", given=code_span(given), field=field), icon=":material/error:")


def _start(key: tuple[Any, ...], choice: ModelChoice, prompt: list[int], settings: dict[str, Any]) -> None:
    from gptcore.generation import Sampling, steps

    length = settings["length"]
    sampling: Sampling = Sampling(**{name: value for name, value in settings.items() if name != "length"})
    step = _steps_of(choice)

    def make(stopped: CancelCheck) -> Iterator[NewToken]:
        for token in steps(step, prompt, length, sampling):
            yield token
            if stopped():
                return

    # It takes its turns at the shelf, a token long.
    own_jobs().start(JOB, key, make, length, gate=FairGate(), urgent=True)


def _steps_of(choice: ModelChoice) -> Callable[[Sequence[int], Chooser], NewToken]:
    """The model for one step at a time: others' calculations come in between."""
    if not choice.of_kind.shared:
        mine = own_model(choice)  # looked up now: a job's thread belongs to no visitor
        return lambda ids, choose: choose(mine, ids)

    def step(ids: Sequence[int], choose: Chooser) -> NewToken:
        with shelf().turn(choice) as model:
            return choose(model, ids)

    return step


def _draw(job: Job[NewToken], choice: ModelChoice, prompt: list[int], *, drawn: bool) -> None:
    """The text so far, and its new tokens with their probabilities; the chance of the draw where there was one."""
    text = page_text("generation")
    status(job, text("unit"), "generation_status")
    if job.error is not None:
        st.warning(error_sentence(job.error), icon=":material/error:")  # type: ignore[arg-type]
    written_out = not job.active  # asked before the tokens: then they are all of them
    tokens = job.records
    tokenizer = choice.tokenizer
    with st.container(key="generated"):
        st.code(tokenizer.decode([*prompt, *(token.token_id for token in tokens)]), language=None, wrap_lines=True)
    if not tokens:
        return
    columns = text.group("columns")
    st.dataframe(
        {
            "token": [visible(tokenizer.piece(token.token_id)) for token in tokens],
            "bar": [token.probability for token in tokens],
            "probability": [number_format.probability(token.probability) for token in tokens],
            "rank": [token.rank for token in tokens],
            **({"chance": [number_format.probability(token.chance) for token in tokens]} if drawn else {}),
        },
        hide_index=True,
        column_config={
            "token": columns["token"],
            "bar": st.column_config.ProgressColumn(columns["bar"], min_value=0.0, max_value=1.0, format=" "),
            "probability": columns["probability"],
            "rank": st.column_config.NumberColumn(columns["rank"], format="localized"),
            "chance": columns["chance"],
        },
        key="generated_tokens",
        alt=text("table"),
        height=min(38 + 35 * len(tokens), 400),
    )
    st.caption(text("reading_drawn" if drawn else "reading_greedy"))
    if written_out:
        written = tuple(token.token_id for token in tokens)
        icon = ":material/touch_app:"
        st.button(text("go_on_by_hand"), key="go_on_by_hand", icon=icon, on_click=go_on_by_hand, args=(written,))


def _as_text(given: str | tuple[int, ...], choice: ModelChoice) -> str:
    return given if isinstance(given, str) else choice.tokenizer.decode(given)
