"""Words for tests of pages without a browser: open an address, look at what the page shows, act as a visitor does."""

from typing import Any

from streamlit.testing.v1 import AppTest

from tests import ROOT

METRICS = ("mean_log_probability", "cross_entropy", "perplexity")


def visit(page: str = "", *, browser_language: str = "en-US", **query: Any) -> AppTest:
    """Open the app at an address, with the mini size where no other is asked for: its numbers come at once."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    at.context["locale"] = browser_language
    for key, words in {"size": "mini", **query}.items():
        at.query_params[key] = str(words)
    at.run()
    if page:
        at.switch_page(f"pages/{page}.py").run()
    return settled(at)


def settled(at: AppTest) -> AppTest:
    """Return the page itself, once it is known that nothing broke."""
    assert [error.message for error in at.exception] == []
    return at


def address_of(at: AppTest) -> dict[str, str]:
    """Return the address as it stands, without the size, which `visit` adds."""
    query = {key: words if isinstance(words, str) else words[0] for key, words in at.query_params.items()}
    query.pop("size", None)
    return query


def metrics(at: AppTest) -> dict[str, str]:
    """Return the three numbers as the page writes them, by key; nothing where it shows none."""
    return {key: metric.value for key, metric in zip(METRICS, at.metric, strict=False)}


def alt_texts(at: AppTest) -> list[str]:
    """Return what each chart says of itself in words."""
    return [chart.proto.alt for chart in at.get("plotly_chart")]


def typed(at: AppTest) -> list[tuple[str, str]]:
    """Return (prompt, target) of every row that is shown, as its fields hold it; "" for a field that is not shown."""
    fields: dict[str, str] = {field.key: field.value for field in [*at.text_input, *at.text_area] if field.key}
    numbers = sorted(int(key.removeprefix("prompt_")) for key in fields if key.startswith("prompt_"))
    return [(fields[f"prompt_{n}"], fields.get(f"target_{n}", "")) for n in numbers]


def press(at: AppTest, key: str) -> AppTest:
    """Press a button."""
    return settled(at.button(key=key).click().run())


def open_part(at: AppTest, key: str) -> AppTest:
    """Open a section that is closed at first: nothing in it is built before."""
    return choose(at, key, True)


def type_in(at: AppTest, **fields: str) -> AppTest:
    """Type into fields, by key, one after the other."""
    for key, words in fields.items():
        at.text_area(key=key).set_value(words).run()
    return settled(at)


def choose(at: AppTest, key: str, option: Any) -> AppTest:
    """Choose one of a row of options, by its value."""
    at.session_state[key] = option
    return settled(at.run())


def warnings(at: AppTest) -> list[str]:
    """Return the sentences that say what is wrong."""
    return [warning.value for warning in at.warning]


def notices(at: AppTest) -> list[str]:
    """Return the sentences that say what is worth knowing."""
    return [info.value for info in at.info]


def suggest_fixes(at: AppTest) -> list[str]:
    """Return the keys of the fixes that are offered."""
    return [button.key for button in at.button if button.key and button.key.startswith("mend_")]
