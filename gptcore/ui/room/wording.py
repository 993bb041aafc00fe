"""Questions, options and numbers of a room in the reader's language; what anybody typed is shown as code or escaped."""

from __future__ import annotations

from collections.abc import Callable

from gptcore import number_format
from gptcore.classroom import Question
from gptcore.texts import Text
from gptcore.token_display import visible
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, plain

_TOKENS = ("top_token", "most_surprising")
_KNOWN_MODELS = ("untrained", "trained_small", "gpt2")


def question_words(question: Question) -> str:
    """What is asked, as Markdown."""
    if question.kind == "free":
        return plain(question.text)
    return _filled(question, page_text("classroom"), code_span, plain)


def plain_question(question: Question, text: Text) -> str:
    """What is asked, as plain text, in the language of `text` (classroom.toml): for files."""
    return question.text if question.kind == "free" else _filled(question, text, visible, str)


def _filled(question: Question, text: Text, token: Callable[[str], str], number: Callable[[str], str]) -> str:
    """The words of a kind of question, its tokens and numbers put in."""
    details = {name: token(words) for name, words in (question.details or {}).items()}
    for name, write in (("p", number_format.probability), ("loss", number_format.nats)):
        if name in details:
            details[name] = write(float((question.details or {})[name]))
    details |= {name: number((question.details or {})[name]) for name in ("seed", "step") if name in details}
    return text(f"questions.{question.kind}", **details)


def about(question: Question) -> list[str]:
    """What the question is about, as Markdown, a line each: the text, what was read, the model."""
    text, details = page_text("classroom"), question.details or {}
    lines = []
    if "prompt" in details:
        lines.append(text("about.after", prompt=code_span(details["prompt"], 120)))
    elif details.get("texts") and question.kind != "harder_text":
        lines.append(text("about.texts", texts=plain(in_one_line(details["texts"]))))
    if "model" in details and question.kind != "minus_log":
        kind = details["model"] if details["model"] in _KNOWN_MODELS else "other"
        vocabulary = number_format.count(float(details.get("vocabulary") or "nan"))
        named = code_span(details.get("name") or "…")
        lines.append(text(f"models.{kind}", seed=plain(details.get("seed", "")), vocabulary=vocabulary, name=named))
    return lines


def option_words(question: Question, index: int, text: Text | None = None) -> str:
    """An option as plain text, in the language of `text` or of the reader."""
    option = question.options[index]
    if question.kind in ("below_uniform", "training_step"):
        return (text or page_text("classroom"))(f"options.{option}")
    return visible(option) if question.kind in _TOKENS else in_one_line(option)


def option_markdown(question: Question, index: int) -> str:
    """An option as Markdown that shows just that."""
    if question.kind in _TOKENS:
        return code_span(question.options[index])
    return plain(option_words(question, index))


def in_one_line(typed: str) -> str:
    """What somebody typed, its line breaks and other invisible characters made visible, its spaces left as they are."""
    return visible(typed).replace("␣", " ")


def number_words(question: Question, number: float, text: Text | None = None) -> str:
    """A guess or an answer as plain text: a number as it is written everywhere, or the option."""
    if question.scale == "options":
        return option_words(question, int(number), text)
    if question.kind == "perplexity":
        return number_format.perplexity(number) if number % 1 else number_format.count(number)
    if question.kind == "target_probability":
        return number_format.probability(number)
    return number_format.nats(number)


def number_markdown(question: Question, number: float) -> str:
    """A guess or an answer as Markdown."""
    if question.scale == "options":
        return option_markdown(question, int(number))
    return number_words(question, number)


def slider_words(question: Question, number: float) -> str:
    """A place of the slider: as many digits as a guess has."""
    if question.kind == "perplexity":
        return f"{number:,.5g}" if number < 100 else number_format.count(number)
    return f"{number:.5g}"
