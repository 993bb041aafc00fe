"""Words for tests of the app in Chromium: a page whose errors are written down, and what stands on it."""

from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Dialog, Locator, Page, expect

from tests.support.browsing import keyed, open_page, wait_until_idle

CHARTS = ("chart_target_probabilities", "chart_log_probabilities", "chart_perplexity")
METRICS = ("mean_log_probability", "cross_entropy", "perplexity")
ONE_ROW = {"size": "mini", "prompt_1": "every effort moves", "target_1": " effort moves you"}
SECONDS = 60_000  # for the first view: torch, and 163 million numbers drawn, on a machine that does other things too


class Watched:
    """A page whose requests, errors and dialogs are written down."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        page.on("request", lambda request: self._requested(request.url))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._opened)

    def _opened(self, dialog: Dialog) -> None:
        self.errors.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _requested(self, url: str) -> None:
        if not url.startswith((self.server, self.server.replace("http", "ws", 1), "blob:", "data:")):
            self.elsewhere.append(url)

    def open(self, path: str = "/", **query: object) -> Page:
        """Open an address, and wait until its last chart is drawn."""
        open_page(self.page, f"{self.server}{path}?{urlencode(query)}" if query else f"{self.server}{path}")
        return self.page


def drawn(page: Page, key: str) -> Locator:
    """Wait until a chart is drawn, and return it."""
    chart = keyed(page, key).locator(".main-svg").first
    expect(chart).to_be_visible(timeout=SECONDS)
    return chart


def open_options(page: Page, key: str) -> Locator:
    """Open a select box by keyboard and return its options; again, where the page moved under it and closed it."""
    wait_until_idle(page)
    options = page.get_by_role("option")
    for _ in range(5):
        keyed(page, key).get_by_role("combobox").focus()
        page.keyboard.press("ArrowDown")
        try:
            expect(options.first).to_be_visible(timeout=3_000)
        except AssertionError:
            page.keyboard.press("Escape")
        else:
            break
    return options


def metric(page: Page, key: str) -> Locator:
    return keyed(page, key).get_by_test_id("stMetricValue")


def query_of(page: Page) -> dict[str, str]:
    """Return the address's parameters, without the size."""
    query = {key: words[0] for key, words in parse_qs(urlsplit(page.url).query, keep_blank_values=True).items()}
    query.pop("size", None)
    return query


def type_into(page: Page, key: str, words: str) -> None:
    field = keyed(page, key).locator("input, textarea")
    field.fill(words)
    field.press("Control+Enter")
    wait_until_idle(page)
