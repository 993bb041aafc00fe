"""What each of the eleven steps shows: its sentence in words, and its picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from gptcore import number_format
from gptcore.examples import IGNORED, Example, encode
from gptcore.results.report import perplexity_of
from gptcore.results.steps import Steps
from gptcore.token_display import visible
from gptcore.tokenizers.base import Tokenizer
from gptcore.tokenizers.seven_words import seven_word_tokenizer
from gptcore.ui.models.choice import current_tokenizer
from gptcore.ui.state.translations import page_text
from gptcore.ui.step_by_step.matrices import Kind, flattening, matrix, wanted_and_chosen
from gptcore.ui.widgets.basics import after_earlier, chart, current_style
from gptcore.ui.widgets.html_picture import picture, shown


def show_picture(step: int, steps: Steps, examples: Sequence[Example]) -> None:
    """The picture of step 1 to 11, with its sentence."""
    if step == 1:
        _aligned(steps, examples)
    else:
        _PICTURES[step](steps, summary(step, steps))
    if steps.shown < steps.positions and 2 <= step <= 6:
        text = page_text("step_by_step")
        st.caption(text("drawn", shown=steps.shown, positions=number_format.count(steps.positions)))


def summary(step: int, steps: Steps) -> str:
    """What the picture of a step says, in words."""
    text = page_text("step_by_step")
    p, ln = steps.target_probability, steps.log_probability
    best, worst = int(np.argmax(ln)), int(np.argmin(ln))
    uniform = float(np.log(steps.vocab_size))
    if steps.underflows and step in (8, 9, 11):
        return text("underflow", torch=number_format.nats(steps.torch_cross_entropy))
    middle = 0.0 if steps.underflows else steps.mean_log_probability
    deviations = np.where(np.isfinite(ln), ln, 0.0).astype(np.float64) - middle
    above = steps.cross_entropy > uniform
    if step == 11:
        return _ruler_summary(steps)
    return text(
        f"summaries.{step}" + ("_above" if above else "_below") * (step == 9),
        examples=len(steps.predicted_text),
        positions=number_format.count(steps.positions),
        vocabulary=number_format.count(steps.vocab_size),
        cells=number_format.count(steps.positions * steps.vocab_size),
        prompt=after_earlier(visible(steps.prompt_piece[0]), first=bool(steps.targets[0, 0] != IGNORED)),
        target=visible(steps.target_piece[0]),
        target_logit=number_format.nats(float(steps.target_logit[0])),
        target_p=number_format.probability(float(p[0])),
        rank=number_format.count(int(steps.target_rank[0])),
        largest=number_format.nats(float(steps.curve_logits[0, 0])),
        chosen=visible(steps.predicted_piece[0]),
        choices=text("comma").join(visible(piece) for piece in steps.predicted_piece[: steps.shown]),
        hits=int((steps.predicted_id == steps.target_id).sum()),
        wanted=_quoted(steps.target_text),
        predicted=_quoted(steps.predicted_text),
        rounding=f"{max(np.abs(steps.probability_sum - 1).max(), 1e-7):.0e}",
        uniform=number_format.probability(1 / steps.vocab_size),
        minus_uniform_ln=number_format.nats(-uniform),
        best=visible(steps.target_piece[best]),
        worst=visible(steps.target_piece[worst]),
        highest=number_format.probability(float(p[best])),
        lowest=number_format.probability(float(p[worst])),
        highest_ln=number_format.nats(float(ln[best])),
        lowest_ln=number_format.nats(float(ln[worst])),
        pull=number_format.nats(float(-deviations[worst])),
        arm=number_format.nats(float(np.abs(deviations).sum() / 2)),
        mean=number_format.nats(steps.mean_log_probability),
        loss=number_format.nats(steps.cross_entropy),
        distance=number_format.nats(abs(steps.cross_entropy - uniform)),
        logits=steps.logits_shape,
        flat_logits=steps.flat_shape,
        targets=steps.targets.shape,
        flat_targets=f"({steps.targets.size},)",
        by_hand=f"{steps.cross_entropy:.7f}",
        one_call=f"{steps.torch_cross_entropy:.7f}",
    )


def _quoted(texts: Sequence[str]) -> str:
    comma = page_text("step_by_step")("comma")
    return comma.join(f"“{visible(text)[:60]}”" for text in texts[:2]) + (" …" if len(texts) > 2 else "")


def _tokenizer(steps: Steps) -> Tokenizer:
    """The seven words', or the chosen model's own."""
    seven = seven_word_tokenizer()
    return seven if steps.vocab_size == seven.vocab_size else current_tokenizer()


def _aligned(steps: Steps, examples: Sequence[Example]) -> None:
    from gptcore.ui.widgets.token_chips import aligned_tokens
    from gptcore.ui.widgets.token_lens import has_partial_tokens, lens_of_rows

    tokenizer = _tokenizer(steps)
    rows = encode(examples, tokenizer).rows
    text = page_text("step_by_step")
    with st.container(key="picture_1", gap="small"):
        for left in range(0, len(rows), 2):
            columns = st.columns(2) if len(rows) > 1 else [st.container()]
            for n, column in enumerate(columns[: len(rows) - left], start=left):
                with column, st.container(border=True):
                    st.markdown(f"**{text('flatten.text', number=n + 1)}**")
                    aligned_tokens(rows[n], tokenizer, f"step_tokens_{n + 1}")
        st.caption(summary(1, steps))
    part = st.expander(
        page_text("token_lens")("title"),
        expanded=any(has_partial_tokens(row, tokenizer) for row in rows),
        key="step_lens",
        on_change="rerun",
        icon=":material/search:",
    )
    if part.open:
        with part:
            lens_of_rows(rows, tokenizer, "step_lens")


def _rows(kind: Kind, step: int) -> Callable[[Steps, str], None]:
    """Rows of logits or probabilities; where they are only the ends of a large vocabulary, its whole curve beside."""

    def draw(steps: Steps, words: str) -> None:
        from gptcore.charts.step_by_step import ranking
        from gptcore.ui.widgets.figures import KeptFigure

        text = page_text("step_by_step")
        endings = []
        if step == 3 and steps.whole:
            sums = steps.probability_sum
            endings = [f'<td class="out">{text("matrix.sum", sum=f"{value:.4f}")}</td>' for value in sums]
        body = matrix(steps, kind, "both", text.group("matrix"), endings)
        if steps.whole:
            picture(body, f"picture_{step}", words, wide=True)
            return
        left, right = st.columns([62, 38] if current_style().scale == 1 else [72, 28], gap="small")
        with left:
            picture(body, f"picture_{step}", words, wide=True)
        with right:
            group = f"chart_ranking_{kind}"
            title = text(f"{group}.title", vocabulary=number_format.count(steps.vocab_size))
            chart(KeptFigure(ranking, (steps, kind), text.group(group), current_style()), group, title)

    return draw


def _argmax(steps: Steps, words: str) -> None:
    text = page_text("step_by_step")
    endings = [
        f'<td class="out own-out">→ <b class="mono">{shown(piece)}</b> {text("matrix.id", token=int(token))}</td>'
        for piece, token in zip(steps.predicted_piece, steps.predicted_id, strict=True)
    ]
    body = matrix(steps, "probabilities", "own", text.group("matrix"), endings)
    picture(body, "picture_4", words, wide=True)


def _back_to_text(steps: Steps, words: str) -> None:
    picture(wanted_and_chosen(steps, page_text("step_by_step").group("pairs")), "picture_5", words)


def _pick(steps: Steps, words: str) -> None:
    endings = [
        f'<td class="out target-out">→ <b class="mono">{shown(steps.target_piece[n])}</b>: '
        f"p = {number_format.probability(float(steps.target_probability[n]))}</td>"
        for n in range(steps.shown)
    ]
    body = matrix(steps, "probabilities", "target", page_text("step_by_step").group("matrix"), endings)
    picture(body, "picture_6", words, wide=True)


def _log(steps: Steps, words: str) -> None:
    from gptcore.charts.step_by_step import log_curve
    from gptcore.ui.widgets.figures import KeptFigure

    text = page_text("step_by_step")
    group, style = text.group("chart_log"), current_style()
    if float(steps.target_probability.max()) > 0.05:
        chart(KeptFigure(log_curve, (steps,), group, style), "chart_log", words)
        return
    left, right = st.columns([40, 60])
    with left:
        chart(KeptFigure(log_curve, (steps,), group, style), "chart_log_whole", text("chart_log.title"))
    with right:
        chart(KeptFigure(log_curve, (steps,), group, style, close=True), "chart_log", words, title="")


def _mean(steps: Steps, words: str) -> None:
    from gptcore.charts.step_by_step import balance
    from gptcore.ui.widgets.figures import KeptFigure

    group = page_text("step_by_step").group("chart_balance")
    chart(KeptFigure(balance, (steps,), group, current_style()), "chart_balance", words)


def _negate(steps: Steps, words: str) -> None:
    from gptcore.charts.step_by_step import negation
    from gptcore.ui.widgets.figures import KeptFigure

    group = dict(page_text("step_by_step").group("chart_negation"))
    ln_vocabulary = number_format.nats(float(np.log(steps.vocab_size)))
    group["uniform"] = group["uniform"].format(vocabulary=number_format.count(steps.vocab_size), uniform=ln_vocabulary)
    data = (steps.mean_log_probability, steps.vocab_size)
    chart(KeptFigure(negation, data, group, current_style()), "chart_negation", words)


def _one_call(steps: Steps, words: str) -> None:
    text = page_text("step_by_step")
    difference = steps.cross_entropy - steps.torch_cross_entropy
    picture(flattening(steps, text.group("flatten")), "picture_10", words)
    with st.container(key="step_check"):
        st.markdown(
            f"{text('check.by_hand')} **{steps.cross_entropy:.7f}** · {text('check.one_call')} "
            f"**{steps.torch_cross_entropy:.7f}** · {text('check.difference')} **{number_format.rounding(difference)}**"
            + text("check.why_not" if difference else "check.why_zero")
        )


def _exp(steps: Steps, words: str) -> None:
    from gptcore.charts.ruler import perplexity_ruler
    from gptcore.ui.widgets.figures import KeptFigure

    ruler = page_text("explore")
    marks = ((ruler("chart_perplexity.this"), steps.perplexity),)
    words_of_ruler = ruler.group("chart_perplexity")
    figure = KeptFigure(perplexity_ruler, (marks, steps.vocab_size), words_of_ruler, current_style())
    chart(figure, "chart_exp", words)


def _ruler_summary(steps: Steps) -> str:
    words = page_text("explore")
    above = steps.perplexity > steps.vocab_size
    factor = perplexity_of(abs(steps.cross_entropy - math.log(steps.vocab_size)))
    return words(
        f"chart_perplexity.summary_{'above' if above else 'below'}",
        perplexity=number_format.perplexity_at(steps.cross_entropy),
        vocabulary=number_format.count(steps.vocab_size),
        factor=number_format.factor(factor),
    )


_PICTURES: dict[int, Callable[[Steps, str], None]] = {
    2: _rows("logits", 2),
    3: _rows("probabilities", 3),
    4: _argmax,
    5: _back_to_text,
    6: _pick,
    7: _log,
    8: _mean,
    9: _negate,
    10: _one_call,
    11: _exp,
}
