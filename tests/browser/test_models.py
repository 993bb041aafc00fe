"""Other people's models in Chromium: a Chinese GPT-2 chosen, scored and compared; a checkpoint dropped and used."""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from gptcore import Example, load_model, score, text_costs, trained_small_model
from tests.support import model_factories as factories
from tests.support.browsing import axe_violations, keyed, open_page, overflows, wait_until_idle
from tests.support.serving import serving
from tests.support.watching import SECONDS, metric

CHINESE = {"prompt_1": "今天天气", "target_1": "很好", "alignment": "continuation"}
EXAMPLES = [Example("今天天气", "很好", "continuation")]


@pytest.mark.slow
def test_a_chinese_gpt2_is_chosen_and_compared_and_a_checkpoint_is_dropped(page: Page, tmp_path: Path) -> None:
    lines = factories.word_piece_lines()
    factories.gpt2_folder(tmp_path / "models" / "chinese", vocab_size=len(lines))
    (tmp_path / "models" / "chinese" / "vocab.txt").write_text("\n".join(lines) + "\n", "utf-8")
    factories.nano_checkpoint(tmp_path / "ckpt.pt")  # 6.5 MB: more than the fields for texts take
    environment = {"GPT_EXPLORER_MODELS": str(tmp_path / "models"), "HF_HUB_CACHE": str(tmp_path / "hub")}
    with serving(tmp_path / "log", "gptcore/ui/server.py", environment) as server:
        open_page(page, f"{server.url}/?{urlencode({'size': 'mini', **CHINESE})}")
        keyed(page, "model").get_by_role("combobox").click()
        page.get_by_role("option", name="GPT-2 (chinese)").click()
        report = score(load_model(tmp_path / "models" / "chinese"), EXAMPLES)
        expect(metric(page, "cross_entropy")).to_have_text(f"{report.cross_entropy:.4f}", timeout=SECONDS)

        query = {"compare": "models", "models": "gpt2/chinese,trained_small", **CHINESE}
        open_page(page, f"{server.url}/compare?{urlencode(query)}")
        costs = text_costs([("a", report), ("b", score(trained_small_model(), EXAMPLES))])
        bars = keyed(page, "chart_bits_per_byte")
        for cost in costs:
            expect(bars).to_contain_text(f"{cost.bits_per_byte:.4f}", timeout=SECONDS)
        wait_until_idle(page)
        assert overflows(page) == []
        assert axe_violations(page) == []

        keyed(page, "machine_models").get_by_role("button").click()
        keyed(page, "machine_models_drop").locator("input[type=file]").set_input_files(tmp_path / "ckpt.pt")
        page.get_by_role("button", name="Use ckpt.pt").click(timeout=SECONDS)
        expect(page).to_have_url(re.compile("model=opened"), timeout=SECONDS)
