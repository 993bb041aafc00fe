// Opens the page again where one of its scripts could not be fetched, as when the line breaks while it loads: Streamlit
// would show an error in place of every field, for good. The address says what was shown.
(() => {
  const KEPT = "gpt-loss-explorer:opened-again", AT_MOST = 5, WITHIN_MS = 120000, PAUSE_MS = 1000;
  let waiting = false;

  function timesBefore() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]").filter((at) => at > Date.now() - WITHIN_MS);
    } catch {
      return Array(AT_MOST); // where nothing can be counted, a page must not open itself again and again
    }
  }

  async function openAgain() {
    try {
      const answer = await fetch(new URL("_stcore/health", document.baseURI), { cache: "no-store" });
      if (answer.ok) {
        sessionStorage.setItem(KEPT, JSON.stringify([...timesBefore(), Date.now()]));
        location.reload();
        return;
      }
    } catch {
      // the server is still out of reach
    }
    setTimeout(openAgain, PAUSE_MS);
  }

  function missed() {
    if (waiting || timesBefore().length >= AT_MOST) return;
    waiting = true;
    openAgain();
  }

  window.addEventListener("vite:preloadError", missed);
  window.addEventListener("error", ({ target }) => target instanceof HTMLScriptElement && missed(), true);
})();
