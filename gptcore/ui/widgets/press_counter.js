// Counts presses of buttons and keys that come faster than the page is drawn. Streamlit merges the presses of one
// button that happen while the browser is busy; here each has a number, and is sent until the server has it.
const counters = new WeakMap();
const TYPING = "input, textarea, select, [contenteditable=true], [role=slider], [role=radiogroup], [role=combobox]";

export default function ({ data, parentElement, setStateValue }) {
  let counter = counters.get(parentElement);
  if (!counter) {
    counter = { presses: [], next: 0, calls: 0 };
    counters.set(parentElement, counter);
    parentElement.classList.add("press-counter");
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
    const press = (event, name) => {
      if (!(name in counter.data.buttons)) return;
      event.preventDefault();
      event.stopImmediatePropagation(); // Streamlit's own button is not pressed as well
      counter.presses.push([counter.next++, counter.data.buttons[name]]);
      counter.send("presses", { visit: counter.data.visit, presses: counter.presses });
    };
    window.addEventListener("keydown", counter.key, true);
    window.addEventListener("click", counter.click, true);
  }
  const call = ++counter.calls;
  if (counter.data?.visit !== data.visit) {
    counter.presses = [];
    counter.next = data.next;
  }
  if (counter.data && counter.data.place !== data.place) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  counter.data = data;
  counter.send = setStateValue;
  counter.presses = counter.presses.filter(([number]) => number >= data.next);
  return () => {
    if (call !== counter.calls) return; // Streamlit ends a call that newer data has overtaken, after the newer one
    window.removeEventListener("keydown", counter.key, true);
    window.removeEventListener("click", counter.click, true);
    counters.delete(parentElement);
  };
}
