"""Steps and gradients leave with the page's numbers, as tables, JSON and scripts that run."""

import json

import pytest

from gptcore import Example, TrainConfig, encode, follow_gradients, run_steps, score, seven_word_tokenizer
from gptcore.config import SIZES
from gptcore.initialization import untrained_model
from gptcore.ui.export.code import notebook_of
from gptcore.ui.export.downloads import json_of
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.step_by_step.exports import steps_script
from gptcore.ui.train.backpropagation_exports import backpropagation_script, gradients_table

EXAMPLES = [Example("every effort moves", "effort moves you")]


def test_the_steps_table_is_the_reports() -> None:
    model = untrained_model(SIZES["toy"], seed=5)
    steps, report = run_steps(model, EXAMPLES), score(model, EXAMPLES)
    frame = steps.to_frame()
    assert frame.target_piece.tolist() == list(report.target_piece)
    assert frame.log_probability.tolist() == pytest.approx(report.log_probability.tolist(), abs=1e-6)
    assert frame.predicted_piece.tolist() == list(report.predicted_piece)
    back = json.loads(json_of(steps.to_dict()))
    assert back["cross_entropy"] == steps.cross_entropy
    assert back["logits_shape"] == [1, 3, 7]
    assert len(back["positions"]) == 3


@pytest.mark.parametrize("size", ["toy", "mini"])
def test_the_steps_script_prints_the_steps_numbers(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    examples = EXAMPLES if size == "toy" else [Example("every effort moves", " effort moves you")]
    steps = run_steps(untrained_model(SIZES[size], seed=123), examples)
    script = steps_script(ModelChoice(size=size, seed=123, context_length=SIZES[size].context_length), examples)
    exec(script, {})
    printed = capsys.readouterr().out
    assert steps.to_frame().to_string() in printed
    assert f"cross-entropy         {steps.cross_entropy:.4f} nats" in printed
    assert f"perplexity            {steps.perplexity:,.2f}" in printed
    assert json.loads(notebook_of(script, ["report.plot()"]))["cells"][-1]["source"] == "report.plot()"


def test_the_gradients_script_prints_the_pages_losses(capsys: pytest.CaptureFixture[str]) -> None:
    config = TrainConfig(0.1, steps=10, optimizer="sgd")
    batch = encode(EXAMPLES, seven_word_tokenizer())
    gradients = list(follow_gradients(untrained_model(SIZES["toy"], seed=5), batch, config))
    script = backpropagation_script("toy", 5, EXAMPLES, config, 1)
    exec(script, {})
    printed = capsys.readouterr().out
    for gradient in gradients:
        assert f"{gradient.step:2}  cross-entropy {gradient.cross_entropy:.4f} nats" in printed
    assert gradients[0].at(1).to_string() in printed
    assert json.loads(notebook_of(script))["nbformat"] == 4


def test_the_gradients_table_has_a_row_a_step_position_and_token() -> None:
    config = TrainConfig(0.1, steps=2, optimizer="sgd")
    batch = encode(EXAMPLES, seven_word_tokenizer())
    gradients = list(follow_gradients(untrained_model(SIZES["toy"], seed=5), batch, config))
    table = gradients_table(gradients)
    assert len(table) == 3 * 3 * 7
    assert table.groupby(["step", "position"]).gradient.sum().abs().max() < 1e-6  # softmax minus one-hot sums to 0
    one = table[(table.step == 1) & (table.position == 2)]
    assert one.gradient.tolist() == gradients[1].gradient[1].tolist()
