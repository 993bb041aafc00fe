"""Any field of any page, as a visitor's hands and eyes know it: change it, and read what it shows."""

from playwright.sync_api import Error, Locator, Page

from tests.support.browsing import keyed

KINDS = ("stTextInput", "stTextArea", "stNumberInput", "stButtonGroup", "stSelectbox", "stCheckbox", "stSlider")
PATIENCE_MS = 5_000
_OPTIONS = "[role=radio], button[aria-pressed]"
_TAKEN = "[aria-checked=true], [aria-pressed=true]"


def fields_of(page: Page) -> list[str]:
    """Return the keys of every field that is on the page and can be changed, in the order of the page."""
    keys: list[str] = page.evaluate(
        """kinds => [...document.querySelectorAll('[class*=st-key-]')].flatMap(e => {
            const own = kinds.map(k => e.querySelector(`:scope > [data-testid=${k}]`)).find(Boolean);
            if (!own || !own.checkVisibility() || own.querySelector('input:disabled')) return [];
            return [...e.classList].filter(c => c.startsWith('st-key-')).map(c => c.slice(7));
        })""",
        list(KINDS),
    )
    return list(dict.fromkeys(keys))


def kind_of(page: Page, key: str) -> str:
    """Return which kind of field it is."""
    field = keyed(page, key).locator(", ".join(f"[data-testid={kind}]" for kind in KINDS)).first
    return field.get_attribute("data-testid") or ""


def shown(page: Page, key: str) -> str:
    """Return what a field shows."""
    field, kind = keyed(page, key), kind_of(page, key)
    if kind in ("stTextInput", "stTextArea", "stNumberInput"):
        return field.locator("input, textarea").first.input_value()
    if kind == "stButtonGroup":
        return ", ".join(field.locator(_TAKEN).all_inner_texts())
    if kind == "stCheckbox":
        return str(field.locator("input").is_checked())
    if kind == "stSlider":
        slider = field.get_by_role("slider").first
        return slider.get_attribute("aria-valuetext") or slider.get_attribute("aria-valuenow") or ""
    box = field.get_by_role("combobox").first
    return box.get_attribute("value") or field.get_by_test_id("stSelectbox").inner_text().split("\n")[-1]


def change_if_there(page: Page, key: str) -> str | None:
    """Change a field that may be gone by the time the hand is there; None where it is, or leaves nothing to change.

    A run that has just begun may take a field away or draw it anew. One that stands still and cannot be changed is
    the page's fault.
    """
    page.set_default_timeout(PATIENCE_MS)
    try:
        for attempt in range(3):
            try:
                return change(page, key)
            except Error:
                if key not in fields_of(page):
                    return None
                if attempt == 2:
                    raise
        return None
    finally:
        page.set_default_timeout(30_000)


def change(page: Page, key: str, words: str = "") -> str:
    """Change a field as a visitor does, and return what it should show from then on.

    A text becomes `words`, or its own with a letter more; a number goes up by one step; of options, another is taken,
    where there is another.
    """
    field, kind = keyed(page, key), kind_of(page, key)
    if kind in ("stTextInput", "stTextArea"):
        place = field.locator("input, textarea").first
        wanted = words or place.input_value() + " s"
        place.fill(wanted)
        place.blur()
        return wanted
    elif kind == "stNumberInput":
        place = field.locator("input").first
        if words:
            place.fill(words)
            place.press("Enter")
        else:
            place.press("ArrowUp")
            place.blur()
    elif kind == "stButtonGroup":
        _take_another(field.locator(_OPTIONS), words)
    elif kind == "stCheckbox":
        on = not field.locator("input").is_checked()
        field.locator("label").first.click()
        taken = field.locator("input:checked" if on else "input:not(:checked)")
        taken.wait_for(state="attached", timeout=2_000)  # a press on a box that is just drawn anew goes nowhere
        return str(on)  # what it shows later may be what was on its way before
    elif kind == "stSlider":
        slider = field.get_by_role("slider").first
        before = slider.get_attribute("aria-valuenow")
        slider.press("ArrowLeft")
        if slider.get_attribute("aria-valuenow") == before:
            slider.press("ArrowRight")
    else:
        field.get_by_role("combobox").first.focus()
        options = page.get_by_role("option")
        for _ in range(5):  # a field that is drawn again closes its list
            page.keyboard.press("ArrowDown")
            page.wait_for_timeout(300)
            if options.count():
                break
            field.get_by_role("combobox").first.focus()
        _take_another(options, words)
    return shown(page, key)


def _take_another(options: Locator, words: str) -> None:
    """Take the option that says `words`, or else one that is not taken now, where there is one."""
    options.first.wait_for()
    if words:
        options.filter(has_text=words).first.click()
        return
    free = [
        option
        for option in options.all()
        if all(option.get_attribute(f"aria-{word}") != "true" for word in ("selected", "checked", "pressed"))
    ]
    if free:
        free[0].click()
    else:
        options.page.keyboard.press("Escape")
