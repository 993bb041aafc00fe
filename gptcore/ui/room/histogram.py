"""The guesses of a class as a chart: live while they arrive, with the answer once it is revealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptcore import number_format
from gptcore.classroom import Tally
from gptcore.ui.room.wording import number_words, option_words
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import current_style

if TYPE_CHECKING:
    import plotly.graph_objects as go

_AXES = {"perplexity": "axis_perplexity", "target_probability": "axis_probability"}


def guesses_figure(tally: Tally, *, revealed: bool) -> tuple[go.Figure, str]:
    """The chart of a question's guesses, and its sentence in words."""
    from gptcore.charts.guesses import guesses_histogram, option_counts

    words, question, style = page_text("classroom").group("chart_guesses"), tally.question, current_style()
    answer = question.answer if revealed else None
    if question.scale == "options":
        options = [option_words(question, index) for index in range(len(question.options))]
        right = -1 if answer is None else int(answer)
        return option_counts(options, tally.option_counts(), words, style, answer=right), _sentence(tally, revealed)
    mark = None
    if question.mark is not None:
        name = {"perplexity": "vocabulary", "target_probability": "uniform"}.get(question.kind, "uniform_nats")
        mark = (question.mark, words[name].format(vocabulary=number_format.count(question.mark)))
    figure = guesses_histogram(
        tally.edges(),
        tally.histogram(),
        words,
        style,
        log=question.scale == "log",
        axis=words[_AXES.get(question.kind, "axis_nats")],
        shown=[number_words(question, edge) for edge in tally.edges()],
        mark=mark,
        answer=None if answer is None else (answer, words["answer"].format(answer=number_words(question, answer))),
    )
    return figure, _sentence(tally, revealed)


def result_words(tally: Tally) -> str:
    """How a class did at a question, in one sentence of plain text."""
    text, share = page_text("classroom"), tally.share_close()
    if not tally.count:
        return text("no_answers")
    if share is None:
        return text("result_free", count=number_format.count(tally.count))
    counts = {"count": number_format.count(tally.count), "right": number_format.count(tally.close())}
    counts["share"] = number_format.percent(share)
    median = tally.median()
    if median is None:
        return text("result_options", **counts)
    return text("result_number", **counts, median=number_words(tally.question, median))


def _sentence(tally: Tally, revealed: bool) -> str:
    words, question = page_text("classroom").group("chart_guesses"), tally.question
    if not tally.count:
        return words["summary_none"]
    count = number_format.count(tally.count)
    if revealed and question.answer is not None:
        answer = number_words(question, question.answer)
        return words["summary_revealed"].format(count=count, right=number_format.count(tally.close()), answer=answer)
    if question.scale == "options":
        parts = (f"{option_words(question, n)}: {chosen}" for n, chosen in enumerate(tally.option_counts()))
        return words["summary_options"].format(count=count, counts=", ".join(parts))
    low, high = (number_words(question, guess) for guess in (min(tally.guesses), max(tally.guesses)))
    return words["summary_open"].format(count=count, low=low, high=high)
