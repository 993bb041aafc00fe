"""Words for the browser tests: open a page, wait for it, find a keyed element, judge what is shown."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

IN_CHINESE_AND_DARK = pytest.mark.browser_context_args(locale="zh-CN", color_scheme="dark")
FADES_MS = 1_000  # Streamlit's own transition
AXE_LOOKS = 4
IDLE = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"


def open_page(page: Page, url: str) -> None:
    """Go to url and wait until its script has run."""
    page.goto(url)
    wait_until_idle(page)


def wait_until_idle(page: Page, *, steady_ms: int = 250, timeout_ms: int = 60_000) -> None:
    """Wait until the page's script has not been running for steady_ms without a break.

    The break matters: a click reaches the server, and sets the page running, a moment after it returned.
    Charts are drawn later still, so go on to wait for the content itself: expect(…) does. Where a
    fragment runs again every few hundred milliseconds, give a steady_ms below its interval, or 0.
    """
    page.evaluate("delete window.idleSince")
    page.wait_for_function(
        """([idle, steady]) => {
            if (!document.querySelector(idle)) { delete window.idleSince; return false; }
            window.idleSince ??= performance.now();
            return performance.now() - window.idleSince >= steady;
        }""",
        arg=[IDLE, steady_ms],
        timeout=timeout_ms,
    )


def keyed(page: Page, key: str) -> Locator:
    """Return the element that was given key= in the page's script.

    The first: while a page runs again, Streamlit may for a moment show the same element at its old place and its new.
    """
    return page.locator(f".st-key-{key}").first


def axe_violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong for people who use assistive technology, a line each; empty is good.

    While a page runs again, Streamlit fades what is about to be drawn anew, which axe reads as too little contrast.
    So what it finds counts only when it finds it again.
    """
    for _ in range(AXE_LOOKS):
        page.wait_for_timeout(FADES_MS)
        page.wait_for_function("""() => !document.querySelector('[data-stale="true"]')""")
        found = [
            f"{rule['impact']} {rule['id']}: {rule['help']} at {node['target']}: {node['html'][:120]}"
            for rule in Axe().run(page).response["violations"]
            for node in rule["nodes"]
        ]
        if not found:
            break
    return found


def overflows(page: Page) -> list[str]:
    """Return what is wider than the window or sticks out of it at the side, a line each; empty is good.

    What lies in a box of its own that scrolls or clips, and that itself fits, is not counted: a wide
    table that scrolls under its heading is fine. The boxes that scroll the page as a whole excuse nothing.
    """
    found: list[str] = page.evaluate(OVERFLOWS)
    return found


OVERFLOWS = """() => {
    const width = window.innerWidth, slack = 1;
    const parts = ['stApp', 'stAppViewContainer', 'stMain', 'stMainBlockContainer', 'stHeader'];
    const isPage = e => [document.body, document.documentElement].includes(e) || e.id === 'root'
        || parts.includes(e.dataset.testid);
    const fits = r => r.left >= -slack && r.right <= width + slack;
    const keyed = e => e.parentElement?.closest('[class*=st-key-]');
    const name = e => e.tagName.toLowerCase()
        + [...e.classList].filter(c => c.startsWith('st-key-')).map(c => '.' + c).join('')
        + (e.dataset.testid ? `[data-testid=${e.dataset.testid}]` : '')
        + (keyed(e) ? ` in .${keyed(e).className.match(/st-key-[\\w-]+/)}` : '');
    const excused = e => {
        for (let box = e.parentElement; box && !isPage(box); box = box.parentElement) {
            if (getComputedStyle(box).overflowX !== 'visible' && fits(box.getBoundingClientRect())) return true;
        }
        return e.closest('[data-testid=stSidebar][aria-expanded=false]') !== null;
    };
    const lines = [], named = [];
    for (const e of [document.scrollingElement, ...document.querySelectorAll('*')].filter(isPage)) {
        if (e.scrollWidth > Math.max(e.clientWidth, width * (e === document.scrollingElement)) + slack)
            lines.push(`${name(e)} scrolls sideways: ${e.scrollWidth} wide in ${e.clientWidth}`);
    }
    for (const e of document.body.querySelectorAll('*')) {
        const r = e.getBoundingClientRect();
        if (fits(r) || r.width < 1 || r.height < 1 || r.left >= width || r.right <= 0) continue;
        if (!e.checkVisibility({visibilityProperty: true, opacityProperty: true}) || excused(e)) continue;
        if (named.some(outer => outer.contains(e))) continue;
        named.push(e);
        lines.push(`${name(e)} reaches from ${Math.round(r.left)} to ${Math.round(r.right)} in ${width}`);
    }
    return lines.slice(0, 20);
}"""
