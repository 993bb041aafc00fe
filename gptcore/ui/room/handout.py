"""A lesson as one HTML file that prints on A4: views, numbers, questions with space, answers on the last page.

No visitor is known when the file is made: everything comes with the arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from gptcore import number_format
from gptcore.charts.theme import LIGHT
from gptcore.classroom import Lesson, LessonView, Question, free_question
from gptcore.classroom.report_questions import question_of
from gptcore.errors import InputError
from gptcore.examples import MAX_EXAMPLES, Alignment, Example, parse_ids
from gptcore.presets import PRESETS
from gptcore.texts import Text, text_in
from gptcore.token_display import visible
from gptcore.ui.models.catalog import choice_of
from gptcore.ui.models.choice import DEFAULT_SEED, ModelChoice
from gptcore.ui.room.wording import number_words, option_words, plain_question, slider_words

if TYPE_CHECKING:
    from gptcore.results.report import Report

_STYLE = (
    "@page{size:A4;margin:18mm}"
    "body{font:11pt/1.45 system-ui,'Noto Sans CJK SC',sans-serif;color:#17202e}"
    "body{max-width:174mm;margin:1rem auto;padding:0 4mm}"
    "section{break-inside:avoid;margin:0 0 9mm}h1{font-size:20pt}h2{font-size:13pt;margin:0 0 1mm}p{margin:0 0 2mm}"
    ".about,a{color:#5b6675;font-size:9pt;overflow-wrap:anywhere}.question{font-weight:600;margin-top:3mm}"
    ".line{border-bottom:1px solid #8b95a4;height:9mm}ul{list-style:none;padding:0;margin:0}li{padding:1mm 0}"
    ".ends{display:flex;justify-content:space-between;font-size:9pt}.axis{border-bottom:1px solid #17202e;height:7mm}"
    "table{border-collapse:collapse;font-size:9.5pt}td,th{padding:0.5mm 3mm 0.5mm 0;text-align:left}svg{max-width:100%}"
    ".answers{break-before:page}"
)
_MODELS = ("untrained", "trained_small")
_ROWS = [f"{field}_{n}" for field in ("prompt", "target") for n in range(1, MAX_EXAMPLES + 1)]
_DECIDE = {"model", "size", "context_length", "seed", "alignment", "input", "vocabulary", *_ROWS}
"""The parameters of an address that decide what a report says."""


def handout(lesson: Lesson, text: Text, classroom: Text, base: str) -> str:
    """Make the file.

    Args:
        lesson: Its views with their questions.
        text: The words of lessons.toml.
        classroom: Those of classroom.toml.
        base: The address of the app, for the links.
    """
    sheets, answers = [], []
    reports: dict[object, Report | None] = {}
    for number, view in enumerate(lesson.views, start=1):
        shown = tuple(sorted((key, words) for key, words in view.query.items() if key in _DECIDE))
        known = shown in reports
        report = reports[shown] if known else reports.setdefault(shown, _report_of(view.query))
        question = _question_of(view, report)
        link = f"{base}/{view.page}" + ("?" + "&".join(f"{k}={v}" for k, v in view.query.items()) if view.query else "")
        sheet = f"<h2>{number}. {escape(view.title)}</h2><p><a>{escape(link)}</a></p>"
        if question is not None:
            sheet += _asked(question, report, classroom)
        else:
            sheet += "<div class='line'></div>" * 3  # for notes
        fresh = None if known else report
        if question is not None or fresh is not None:  # numbers too: a later view may ask for them
            answers.append(_answer(number, view, question, fresh, classroom, text))
        sheets.append(f"<section>{sheet}</section>")
    last = f"<div class='answers'><h1>{escape(text('answers'))}</h1>{''.join(answers)}</div>" if answers else ""
    return (
        f"<!doctype html><html lang='{text.language}'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(lesson.title)}</title><style>{_STYLE}</style>"
        f"<body><h1>{escape(lesson.title)}</h1>{''.join(sheets)}{last}</body></html>"
    )


def _report_of(query: Mapping[str, str]) -> Report | None:
    """What a view's texts give under its model; None where that cannot be told from the view alone."""
    from gptcore.ui.models.result_cache import prepare

    if query.get("model", "untrained") not in _MODELS or query.get("vocabulary") == "seven":
        return None
    try:
        return prepare(_choice(query), _examples(query))[0]
    except (InputError, ValueError, KeyError):  # a lesson from elsewhere may say anything
        return None


def _choice(query: Mapping[str, str]) -> ModelChoice:
    if query.get("model", "untrained") != "untrained":
        return choice_of(query["model"])
    length, seed = int(query.get("context_length", "256")), int(query.get("seed", DEFAULT_SEED))
    return ModelChoice(size=query.get("size", "124M"), context_length=length, seed=seed)


def _examples(query: Mapping[str, str]) -> tuple[Example, ...]:
    alignment: Alignment = query.get("alignment", "paired")  # type: ignore[assignment]  # Example refuses another
    rows = [(query.get(f"prompt_{n}", ""), query.get(f"target_{n}", "")) for n in range(1, MAX_EXAMPLES + 1)]
    rows = [row for row in rows if any(row)]
    if not rows:
        return PRESETS["book"]
    if query.get("input") == "ids":
        return tuple(
            Example(tuple(parse_ids(prompt)), tuple(parse_ids(target)) if target else "", alignment)
            for prompt, target in rows
        )
    return tuple(Example(prompt, target, alignment) for prompt, target in rows)


def _question_of(view: LessonView, report: Report | None) -> Question | None:
    asked = view.question
    if asked is None:
        return None
    try:
        if asked.kind == "free":
            return free_question(asked.text, list(asked.options))
        return question_of(report, asked.kind, asked.position) if report is not None else None
    except InputError:
        return None


def _asked(question: Question, report: Report | None, classroom: Text) -> str:
    """A question with the space to answer it: boxes, or a line from the smallest to the largest number."""
    parts = []
    details = question.details or {}
    if question.kind != "free" and report is not None:
        about = classroom("about.after", prompt=visible(details["prompt"])) if "prompt" in details else details["texts"]
        parts.append(f"<p class='about'>{escape(about)}</p>")
    parts.append(f"<p class='question'>{escape(plain_question(question, classroom))}</p>")
    if question.scale == "options":
        options = (escape(option_words(question, n, classroom)) for n in range(len(question.options)))
        return "".join(parts) + "<ul>" + "".join(f"<li>☐ {option}</li>" for option in options) + "</ul>"
    low, high = slider_words(question, question.low), slider_words(question, question.high)
    axis = f"<div class='axis'></div><div class='ends'><span>{low}</span><span>{high}</span></div>"
    return "".join(parts) + axis + "<div class='line'></div>"


def _answer(
    number: int, view: LessonView, question: Question | None, report: Report | None, classroom: Text, text: Text
) -> str:
    said = ""
    if question is not None and question.answer is not None:
        said = classroom("answer", answer=number_words(question, question.answer, classroom))
    elif question is not None:
        said = text("no_answer")
    numbers = _numbers(report, classroom) if report is not None else ""
    return f"<section><h2>{number}. {escape(view.title)}</h2><p><b>{escape(said)}</b></p>{numbers}</section>"


def _numbers(report: Report, classroom: Text) -> str:
    """The loss, the perplexity, and each target's surprise as a bar."""
    axis = classroom.group("chart_guesses")
    worst = max(float(report.surprisal_nats.max()), 1e-9)
    rows = "".join(
        f"<tr><td>{escape(visible(piece))}</td><td>{number_format.probability(float(p))}</td>"
        f"<td>{number_format.nats(float(surprisal))}</td><td><svg width='200' height='10' aria-hidden='true'>"
        f"<rect width='{200 * float(surprisal) / worst:.1f}' height='10' fill='{LIGHT.target}'/></svg></td></tr>"
        for piece, p, surprisal in list(
            zip(report.target_piece, report.target_probability, report.surprisal_nats, strict=True)
        )[:40]
    )
    names = text_in(classroom.language, "explore")
    loss = f"{names('cross_entropy.label')} {number_format.nats(report.cross_entropy)}"
    perplexity = f"{names('perplexity.label')} {number_format.perplexity_at(report.cross_entropy)}"
    return (
        f"<p>{escape(loss)} · {escape(perplexity)}</p>"
        f"<table><tr><th></th><th>{escape(axis['axis_probability'])}</th><th>{escape(axis['axis_nats'])}</th><th></th></tr>"
        f"{rows}</table>"
    )
