"""Models of other people on the pages: chosen, scored with their own tokens, compared in bits per byte, and refused."""

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gptcore import Example, InputError, describe_model, load_model, score, text_costs, trained_small_model
from gptcore.texts import LANGUAGES, text_in
from gptcore.tokenizers.from_folder import folder_tokenizer
from gptcore.ui.compare.model_exports import models_script
from gptcore.ui.export.code import script_for
from gptcore.ui.frame import PAGES
from gptcore.ui.models import machine
from gptcore.ui.models.catalog import choice_of
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.found import look_again
from tests import ROOT
from tests.support import model_factories as factories
from tests.support.visiting import address_of, choose, metrics, open_part, settled, visit, warnings

CHINESE = {"prompt_1": "今天天气", "target_1": "很好", "alignment": "continuation"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Chinese GPT-2, one with 50,257 rows and tokens of its own, nanoGPT, a Llama, and two that cannot be used."""
    models = tmp_path_factory.mktemp("made")
    lines = factories.word_piece_lines()
    factories.gpt2_folder(models / "chinese", vocab_size=len(lines))
    (models / "chinese" / "vocab.txt").write_text("\n".join(lines) + "\n", "utf-8")
    factories.gpt2_folder(models / "same-size")
    factories.save_vocabulary(models / "same-size", factories.byte_pair_vocabulary())
    factories.nano_checkpoint(models / "nano" / "ckpt.pt")
    factories.causal_folder(models / "llama", "llama", factories.byte_pair_vocabulary())
    (models / "empty").mkdir()
    shutil.copytree(models / "same-size", models / "cut")
    whole = (models / "cut" / "model.safetensors").read_bytes()
    (models / "cut" / "model.safetensors").write_bytes(whole[:-9])
    return models


@pytest.fixture(autouse=True)
def models(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GPT_EXPLORER_MODELS", str(made))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    look_again()
    yield made
    look_again()


def positions(at: AppTest) -> list[str]:
    """The scored positions, as the field that chooses one of them lists them."""
    return list(at.selectbox(key="position").options)


def test_every_usable_model_is_offered_and_no_other() -> None:
    offered = set(visit().selectbox(key="model").options)
    found = {"GPT-2 (chinese)", "Found: llama", "Found: nano", "GPT-2 (same-size)"}
    assert offered == {"Untrained (random)", "Small trained model", *found}


@pytest.mark.parametrize("name", ["gpt2/chinese", "gpt2/same-size", "found/nano", "found/llama"])
def test_the_page_shows_the_numbers_of_the_library_with_the_models_own_tokens(made: Path, name: str) -> None:
    at = visit(model=name, **CHINESE)
    assert warnings(at) == []
    report = score(load_model(made / name.partition("/")[2]), [Example("今天天气", "很好", "continuation")])
    assert metrics(at)["cross_entropy"] == f"{report.cross_entropy:.4f}"
    assert len(positions(at)) == report.positions


def test_the_chinese_model_reads_characters() -> None:
    first, second = positions(visit(model="gpt2/chinese", **CHINESE))
    assert "气" in first
    assert "很" in first
    assert "很" in second
    assert "好" in second


@pytest.mark.parametrize("page", PAGES)
def test_every_page_takes_every_model(page: str) -> None:
    for model in ("gpt2/chinese", "found/llama"):
        at = visit(page, model=model, **CHINESE)
        assert not at.exception
        assert address_of(at)["model"] == model


@pytest.mark.parametrize("language", LANGUAGES)
def test_models_with_different_vocabularies_are_compared_in_bits_per_byte(made: Path, language: str) -> None:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    at.switch_page("pages/compare.py")
    query = {"compare": "models", "models": "gpt2/chinese,trained_small", "lang": language, "size": "mini", **CHINESE}
    for key, words in query.items():
        at.query_params[key] = words
    settled(at.run())
    text = text_in(language, "compare_vocabularies")
    assert text("why_not") in [info.value for info in at.info]
    examples = [Example("今天天气", "很好", "continuation")]
    reports = [score(load_model(made / "chinese"), examples), score(trained_small_model(), examples)]
    expected = [f"{cost.bits_per_byte:.4f}" for cost in text_costs([("a", reports[0]), ("b", reports[1])])]
    table = next(frame.value for frame in at.dataframe if "bits_per_byte" in frame.value)
    assert list(table["bits_per_byte"]) == expected


def test_the_script_of_two_vocabularies_prints_their_bits_per_byte(made: Path) -> None:
    choices = {"Chinese": choice_of("gpt2/chinese"), "Small": ModelChoice("trained_small")}
    examples = [Example("今天天气", "很好", "continuation")]
    script = models_script(choices, examples, per_byte=True)
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    reports = [score(load_model(made / "chinese"), examples), score(trained_small_model(), examples)]
    printed = [float(row.split()[2]) for row in run.stdout.splitlines()[-2:]]
    assert printed == pytest.approx(
        [cost.bits_per_byte for cost in text_costs(list(zip(choices, reports, strict=True)))]
    )


def test_a_comparison_of_two_vocabularies_can_be_taken_along() -> None:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    at.switch_page("pages/compare.py")
    for key, words in {"compare": "models", "models": "gpt2/chinese,trained_small", "size": "mini", **CHINESE}.items():
        at.query_params[key] = words
    settled(at.run())
    kinds = ["csv", "json", "html", "script", "notebook"]
    keys = [str(button.proto.id).rpartition("-")[2] for button in at.get("download_button")]
    assert keys == [f"download_vocabularies_{kind}" for kind in kinds]
    open_part(at, "code")
    assert "costs_frame(costs)" in at.code[0].value


def test_tokens_picked_by_hand_are_forgotten_under_another_vocabulary() -> None:
    asked = {"alignment": "shifted", "prompt_1": "every effort", "generate_by": "by_hand", "generate_hand": "5,3"}
    at = visit(model="trained_small", **asked)
    assert "hand_undo" in [button.key for button in at.button]
    choose(at, "model", "untrained")
    assert address_of(at)["generate_hand"] == "5,3"  # the same vocabulary: the same tokens
    choose(at, "model", "gpt2/chinese")
    assert "generate_hand" not in address_of(at)
    assert "hand_undo" not in [button.key for button in at.button]


def test_bits_per_byte_count_the_text_and_not_its_tokens(made: Path) -> None:
    """The same six bytes of Chinese under both, though one has two tokens and the other more."""
    examples = [Example("今天天气", "很好", "continuation"), Example("我们", alignment="shifted")]
    reports = [score(load_model(made / "chinese"), examples), score(load_model(made / "same-size"), examples[:1])]
    costs = text_costs([("chinese", reports[0]), ("bytes", reports[1])])
    assert (costs[0].byte_count, costs[0].characters) == (6 + 3, 2 + 1)
    assert (costs[1].byte_count, costs[1].characters) == (6, 2)
    assert costs[0].bits_per_byte == pytest.approx(reports[0].cross_entropy * 3 / 0.6931471805599453 / 9)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_models_says_why_some_cannot_be_used(language: str) -> None:
    text = text_in(language, "machine_models")
    at = visit(lang=language)
    settled(at.button(key="machine_models").click().run())
    table = next(frame.value for frame in at.dataframe if "status" in frame.value).set_index("name")
    assert set(table.index) == {"chinese", "same-size", "nano", "llama", "empty", "cut"}
    assert table.loc["chinese", "status"] == text("usable")
    assert "vocab.txt" in str(table.loc["chinese", "vocabulary"])
    assert text_in(language, "errors")("weights_nothing_here", file="empty") == table.loc["empty", "status"]


def test_a_model_is_opened_by_its_path_on_this_machine_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "listens_locally", lambda: False)
    at = visit()
    settled(at.button(key="machine_models").click().run())
    assert "machine_models_path" not in [field.key for field in at.text_input]
    monkeypatch.setattr(machine, "listens_locally", lambda: True)
    factories.gpt2_folder(tmp_path / "mine", vocab_size=97)
    assert describe_model(tmp_path / "mine").usable
    at = visit()
    settled(at.button(key="machine_models").click().run())
    assert "machine_models_path" in [field.key for field in at.text_input]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("file", "kind"), [("meta.pkl", "pickle"), ("tokenizer.model", "sentencepiece")])
def test_a_vocabulary_that_is_not_opened_says_how_it_becomes_one_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, kind: str, language: str
) -> None:
    factories.nano_checkpoint(tmp_path / "shakespeare" / "ckpt.pt", V=65)
    (tmp_path / "shakespeare" / file).write_bytes(b"not to be opened")
    monkeypatch.setenv("GPT_EXPLORER_MODELS", str(tmp_path))
    look_again()
    at = visit(model="found/shakespeare", lang=language, input="ids", prompt_1="1, 2, 3", target_1="2, 3, 4")
    said = text_in(language, "machine_models")(f"vocabulary_{kind}", file=f"`{file}`")
    assert said in [caption.value for caption in at.caption]
    assert metrics(at)


def test_the_command_for_a_pickled_vocabulary_makes_one_that_is_read(tmp_path: Path) -> None:
    characters = sorted(set("\n !,.abc今天é'"))
    (tmp_path / "meta.pkl").write_bytes(pickle.dumps({"stoi": {c: n for n, c in enumerate(characters)}}))
    said = text_in("en", "machine_models")("vocabulary_pickle", file="meta.pkl")
    code = said.partition('python -c "')[2].rpartition('"')[0]
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    tokenizer = folder_tokenizer(tmp_path)
    assert tokenizer is not None
    text = "a b,\n今天, é!"
    assert tokenizer.encode(text) == [characters.index(character) for character in text]
    assert tokenizer.decode(tokenizer.encode(text)) == text
    with pytest.raises(InputError, match="no token for 'q'"):
        tokenizer.encode("abcq")


@pytest.mark.parametrize("name", ["gpt2/chinese", "found/nano"])
def test_the_script_of_a_found_model_gives_its_numbers(made: Path, name: str) -> None:
    examples = [Example("今天", "很好", "continuation")]
    script = script_for(choice_of(name), examples)
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    expected = score(load_model(made / name.partition("/")[2]), examples)
    assert f"{expected.cross_entropy:.4f} nats" in run.stdout


def test_a_model_that_is_replaced_is_another_choice(made: Path, tmp_path: Path) -> None:
    before = choice_of("gpt2/chinese")
    os.utime(made / "chinese" / "config.json")
    look_again()
    assert choice_of("gpt2/chinese") != before
    assert describe_model(made / "chinese").usable


@pytest.mark.parametrize("name", ["gpt2/same-size", "found/llama"])
def test_no_untrained_model_of_its_shape_reads_its_text_in_other_tokens(name: str) -> None:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    at.switch_page("pages/compare.py")
    for key, words in {"compare": "seeds", "model": name, "size": "mini", "seed_count": "1", **CHINESE}.items():
        at.query_params[key] = words
    settled(at.run())
    assert text_in("en", "compare")("no_seeds_for_it") in [info.value for info in at.info]
    settled(at.button(key="use_untrained").click().run())
    assert at.selectbox(key="model").value == "untrained"
