// Running text coloured by surprise. Everything that a visitor typed becomes a text node, never markup.
const states = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let state = states.get(parentElement);
  if (!state) {
    state = build(parentElement);
    states.set(parentElement, state);
  }
  const call = (state.calls = (state.calls ?? 0) + 1);
  state.open = (index) => setTriggerValue("span", index);
  state.data = data;
  const { root, body, legend } = state;
  body.setAttribute("aria-label", data.label);
  data.levels.forEach(([background, text], level) => {
    root.style.setProperty(`--running-text-background-${level}`, background);
    root.style.setProperty(`--running-text-colour-${level}`, text);
  });
  legend.replaceChildren(element("span", "running-text-scale", data.scale), ...data.legend.map(legendItem));
  const drawn = JSON.stringify(data.spans);
  if (state.drawn !== drawn) {
    state.drawn = drawn;
    draw(state);
    state.selected = undefined;
  }
  select(state, data.selected);
  return () => {
    if (call !== state.calls) return; // Streamlit ends a call that newer data has overtaken, after the newer one
    root.remove();
    states.delete(parentElement);
  };
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function legendItem(words, level) {
  const item = element("span", "running-text-legend-item");
  item.append(element("span", `running-text-swatch running-text-${level}`, "abc"), element("span", "", words));
  return item;
}

function build(parentElement) {
  const root = element("div", "running-text");
  const legend = element("div", "running-text-legend");
  const body = element("div", "running-text-body");
  const tip = element("div", "running-text-tip");
  tip.setAttribute("aria-hidden", "true"); // the active option says the same
  tip.hidden = true;
  body.setAttribute("role", "listbox");
  body.tabIndex = 0;
  body.dir = "auto";
  root.append(legend, body, tip);
  parentElement.append(root);
  const state = { root, legend, body, tip, active: -1 };
  listen(state);
  return state;
}

function listen(state) {
  const { body } = state;
  const placeOf = (event) => {
    const found = event.target.closest("[data-place]");
    return found ? Number(found.dataset.place) : -1;
  };
  body.addEventListener("pointerover", (event) => {
    const place = placeOf(event);
    if (place >= 0 && !state.pinned) showTip(state, place);
  });
  body.addEventListener("pointerleave", () => state.pinned || hideTip(state));
  body.addEventListener("scroll", () => hideTip(state));
  body.addEventListener("blur", () => hideTip(state));
  body.addEventListener("click", (event) => {
    const place = placeOf(event);
    if (place < 0) return;
    activate(state, place);
    openSpan(state, place);
  });
  body.addEventListener("keydown", (event) => {
    const count = state.spans.length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10, Home: -count, End: count };
    if (event.key in steps && count) {
      event.preventDefault();
      state.pinned = false;
      const next = Math.min(count - 1, Math.max(0, state.active + steps[event.key]));
      activate(state, next);
      state.spans[next].scrollIntoView({ block: "nearest" });
      showTip(state, next);
    } else if ((event.key === "Enter" || event.key === " ") && state.active >= 0) {
      event.preventDefault();
      openSpan(state, state.active);
    } else if (event.key === "Escape") {
      hideTip(state);
    }
  });
}

function draw(state) {
  const { body, data } = state;
  const { text, level } = data.spans;
  state.active = -1;
  hideTip(state);
  body.removeAttribute("aria-activedescendant");
  state.spans = text.map((words, place) => {
    const kind = { [-1]: "running-text-unscored", [-2]: "running-text-pending" }[level[place]] ?? `running-text-${level[place]}`;
    const span = element("span", `running-text-span ${kind}`);
    span.dataset.place = place;
    span.id = `${data.id}-${place}`;
    span.setAttribute("role", "option");
    span.setAttribute("aria-selected", "false");
    // a mark at each line break: it is a token too, and wants something to point at
    for (const part of words.split(/(\r\n|\n|\r)/)) {
      if (/^[\r\n]+$/.test(part)) span.append(element("span", "running-text-break", "↵"), "\n");
      else if (part) span.append(part);
    }
    return span;
  });
  body.replaceChildren(...state.spans);
  body.scrollTop = 0;
}

// Mark the span that is open on the page, and bring it into the box; the page itself does not scroll.
function select(state, index) {
  if (state.selected === index) return;
  state.selected = index;
  const { body, spans, data } = state;
  for (const span of body.querySelectorAll(".running-text-selected")) span.classList.remove("running-text-selected");
  const place = data.spans.index.indexOf(index);
  if (place < 0) return;
  activate(state, place);
  const span = spans[place];
  span.classList.add("running-text-selected");
  const frame = body.getBoundingClientRect();
  const mark = span.getBoundingClientRect();
  if (mark.top < frame.top || mark.bottom > frame.bottom) {
    body.scrollTop += mark.top - frame.top - body.clientHeight / 3;
  }
}

function activate(state, place) {
  const before = state.spans[state.active];
  if (before) {
    before.classList.remove("running-text-active");
    before.setAttribute("aria-selected", "false");
  }
  state.active = place;
  const span = state.spans[place];
  span.classList.add("running-text-active");
  span.setAttribute("aria-selected", "true");
  span.setAttribute("aria-label", sentence(state.data, place));
  state.body.setAttribute("aria-activedescendant", span.id);
}

function sentence({ spans, labels, likeliest }, place) {
  const numbers = (spans.values[place] ?? []).map((value, n) => (labels[n] ? `${labels[n]} ${value}` : value));
  const top = (spans.likeliest[place] ?? []).map(([piece, p]) => `${piece} ${p}`);
  const parts = [spans.name[place], ...numbers];
  if (top.length) parts.push(`${likeliest}: ${top.join(", ")}`);
  return parts.join("; ");
}

// What is opened stays beside its span where the page has a part on it further down, with the way there.
function openSpan(state, place) {
  state.pinned = Boolean(state.data.whole);
  if (state.pinned) showTip(state, place);
  if (state.data.spans.index[place] >= 0) state.open(state.data.spans.index[place]);
}

function wayToWhole({ data, tip }) {
  const button = element("button", "running-text-whole", data.to_whole);
  button.type = "button";
  button.onmousedown = (event) => event.preventDefault(); // the text keeps the focus, and with it what is opened
  button.onclick = () => document.querySelector(data.whole)?.scrollIntoView({ block: "start" });
  tip.append(button);
}

function showTip(state, place) {
  const { root, tip, data } = state;
  const { spans, labels, likeliest } = data;
  const rows = (spans.values[place] ?? []).map((value, n) => row(labels[n], value));
  const top = spans.likeliest[place] ?? [];
  tip.replaceChildren(element("div", "running-text-tip-name", spans.name[place]), ...rows);
  if (top.length) {
    tip.append(element("div", "running-text-tip-title", likeliest));
    tip.append(...top.map(([piece, p]) => row(piece, p, "running-text-tip-piece")));
  }
  tip.classList.toggle("running-text-tip-pinned", Boolean(state.pinned));
  tip.setAttribute("aria-hidden", String(!state.pinned));
  if (state.pinned && data.spans.index[place] >= 0) wayToWhole(state);
  tip.hidden = false;
  const frame = root.getBoundingClientRect();
  const mark = state.spans[place].getClientRects()[0] ?? state.spans[place].getBoundingClientRect();
  const left = Math.max(0, Math.min(mark.left - frame.left, frame.width - tip.offsetWidth));
  const fitsBelow = mark.bottom + tip.offsetHeight + 8 < window.innerHeight;
  const edge = fitsBelow ? mark.bottom + 6 : mark.top - tip.offsetHeight - 6;
  tip.style.left = `${left}px`;
  tip.style.top = `${edge - frame.top}px`;
}

function row(name, value, className = "") {
  const line = element("div", "running-text-tip-row");
  if (name) line.append(element("span", className, name));
  line.append(element("span", "running-text-tip-value", value));
  return line;
}

function hideTip(state) {
  state.pinned = false;
  state.tip.hidden = true;
}
