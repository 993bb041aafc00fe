// Keeps presses of buttons and keys that come before the counter of presses is there, which the browser fetches only
// after it has drawn the page; the counter then takes them over. NAMES are the buttons by the key that stands for each.
(() => {
  if (window.earlyPresses) return;
  const names = NAMES, typing = TYPING, patience = 8000;
  window.earlyPresses = [];
  const keep = (event, name) => {
    if (window.pressCounters || !document.querySelector(`.st-key-${name}`)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    window.earlyPresses.push([name, Date.now()]);
    setTimeout(() => {
      if (window.pressCounters || !window.earlyPresses.length) return;
      window.pressCounters = 1; // it does not come: the buttons act themselves
      for (const [late] of window.earlyPresses.splice(0)) document.querySelector(`.st-key-${late} button`)?.click();
    }, patience);
  };
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target instanceof Element && event.target.closest(typing)) return;
    if (event.key in names) keep(event, names[event.key]);
  }, true);
  window.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    const name = button && Object.values(names).find((each) => button.closest(`.st-key-${each}`));
    if (name) keep(event, name);
  }, true);
})();
