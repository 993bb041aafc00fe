// Counts presses of buttons and keys that come faster than the page is drawn. Streamlit merges the presses of one
// button that happen while the browser is busy; here each has a number, and is sent until the server has it.
const counters = new WeakMap();
const visits = new Map(); // the presses of a visit: a counter that is drawn anew goes on where the last one was
const TYPING = TYPING_PLACES;
const STILL_MEANT_MS = 10000, AGAIN_MS = 2500;

function create(parentElement) {
  const counter = { calls: 0, times: 0, alive: true };
  counters.set(parentElement, counter);
  parentElement.classList.add("press-counter");
  window.pressCounters = (window.pressCounters || 0) + 1;
  const count = (name) => counter.visit.presses.push([counter.visit.next++, counter.data.buttons[name]]);
  counter.sendSoon = (milliseconds) => {
    clearTimeout(counter.later);
    counter.later = setTimeout(() => counter.alive && counter.visit.presses.length && send(), milliseconds);
  };
  const send = () => {
    counter.send("presses", { visit: counter.data.visit, presses: counter.visit.presses, time: counter.times++ });
    counter.sendSoon(AGAIN_MS); // what the server does not say it has
  };
  const press = (event, name) => {
    if (!(name in counter.data.buttons)) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // Streamlit's own button is not pressed as well
    count(name);
    send();
  };
  counter.key = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target instanceof Element && event.target.closest(TYPING)) return;
    const name = counter.data.keys[event.key];
    if (name) press(event, name);
  };
  counter.click = (event) => {
    const box = event.target instanceof Element && event.target.closest("[class*=st-key-]");
    if (box && event.target.closest("button")) press(event, [...box.classList].map((c) => c.slice(7)).find((c) => c in counter.data.buttons));
  };
  setTimeout(() => { // what was pressed before this counter was there
    if (!counter.alive) return;
    const since = Date.now() - STILL_MEANT_MS;
    for (const [name, at] of (window.earlyPresses || []).splice(0)) if (at > since && name in counter.data.buttons) count(name);
    if (counter.visit.presses.length) send();
  });
  window.addEventListener("keydown", counter.key, true);
  window.addEventListener("click", counter.click, true);
  return counter;
}

export default function ({ data, parentElement, setStateValue }) {
  const counter = counters.get(parentElement) ?? create(parentElement);
  const call = ++counter.calls;
  if (!visits.has(data.visit)) visits.set(data.visit, { presses: [], next: data.next });
  counter.visit = visits.get(data.visit);
  counter.visit.presses = counter.visit.presses.filter(([number]) => number >= data.next);
  if (counter.data && counter.data.place !== data.place) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  counter.data = data;
  counter.send = setStateValue;
  if (counter.visit.presses.length) counter.sendSoon(AGAIN_MS);
  return () => {
    if (call !== counter.calls) return; // Streamlit ends a call that newer data has overtaken, after the newer one
    counter.alive = false;
    clearTimeout(counter.later);
    window.pressCounters -= 1;
    window.removeEventListener("keydown", counter.key, true);
    window.removeEventListener("click", counter.click, true);
    counters.delete(parentElement);
  };
}
