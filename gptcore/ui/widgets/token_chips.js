// Chips of aligned tokens. Everything that a visitor typed becomes a text node, never markup.
function line(token, kind) {
  const row = document.createElement("span");
  row.className = `tokens-line tokens-${kind}`;
  const piece = document.createElement("span");
  piece.className = "tokens-piece";
  piece.dir = "auto";
  piece.textContent = token ? token.piece : "·";
  row.append(piece);
  if (token) {
    const id = document.createElement("span");
    id.className = "tokens-id";
    id.textContent = token.id;
    row.append(id);
    row.title = token.bytes ? `${token.id} = ${token.bytes}` : token.id;
  }
  return row;
}

// A bar as long as the target is surprising, beside its probability.
function surprise({ probability, length, colour, words }) {
  const row = document.createElement("span");
  row.className = "tokens-surprise";
  row.setAttribute("aria-label", words);
  row.setAttribute("role", "img");
  const track = document.createElement("span");
  track.className = "tokens-track";
  const bar = document.createElement("span");
  bar.className = "tokens-bar";
  bar.style.width = `${100 * length}%`;
  bar.style.background = colour;
  track.append(bar);
  const number = document.createElement("span");
  number.className = "tokens-probability";
  number.textContent = probability;
  row.append(track, number);
  return row;
}

function element(tag, className, words) {
  const made = document.createElement(tag);
  made.className = className;
  if (words !== undefined) made.textContent = words;
  return made;
}

function button(className, words, act) {
  const made = element("button", className, words);
  made.type = "button";
  made.onclick = act;
  return made;
}

// What a chip tells once it is pressed, right below the chips; the page's own part on it is one press further.
function details(found, words, close) {
  const head = element("div", "tokens-details-head");
  head.append(element("span", "tokens-details-title", found.title));
  if (close) {
    const shut = button("tokens-close", "×", close);
    shut.setAttribute("aria-label", words.close);
    head.append(shut);
  }
  const facts = element("dl", "tokens-facts");
  for (const [name, value] of found.facts) facts.append(element("dt", "", name), element("dd", "", value));
  const likeliest = element("div", "tokens-likeliest");
  likeliest.append(element("span", "tokens-predicts", words.likeliest));
  for (const [piece, p, isTarget] of found.likeliest) {
    const one = element("span", isTarget ? "tokens-likely tokens-target" : "tokens-likely");
    one.append(element("span", "tokens-piece", piece), element("span", "tokens-probability", p));
    likeliest.append(one);
  }
  const panel = element("div", "tokens-details");
  panel.append(head, facts, likeliest);
  panel.append(button("tokens-whole", words.to_whole, () => reveal(words.whole)));
  return panel;
}

function reveal(selector) {
  const part = document.querySelector(selector);
  if (!part) return;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  part.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
}

const OPENED = "gpt-position-opened"; // one position is open at a time, in whichever row

// Show the position that is open in this row, or none. The box is there from the start, so that what comes is read out.
function showDetails(state) {
  const { box, root, data } = state;
  const column = data.columns.find(({ index, details }) => details && index === state.open);
  for (const pair of root.querySelectorAll(".tokens-pair")) {
    const isOpen = column !== undefined && pair.dataset.index === String(column.index);
    pair.classList.toggle("tokens-open", isOpen);
    if (pair.dataset.details) pair.setAttribute("aria-expanded", String(isOpen));
  }
  const close = () => {
    const pressed = root.querySelector(".tokens-open");
    state.open = undefined;
    showDetails(state);
    pressed?.focus();
  };
  box.replaceChildren(...(column ? [details(column.details, data.words, close)] : []));
  box.onkeydown = (event) => event.key === "Escape" && close();
}

// Let the box end where a row of chips does, and not in the middle of one.
function endAtRow(root) {
  root.style.maxHeight = "";
  root.classList.remove("tokens-more");
  if (root.scrollHeight <= root.clientHeight + 1) return;
  const top = root.getBoundingClientRect().top;
  const ends = [...root.querySelectorAll(".tokens-pair")].map((pair) => pair.getBoundingClientRect().bottom - top);
  const last = Math.max(...ends.filter((end) => end <= root.clientHeight));
  if (last > 0) root.style.maxHeight = `${last + 4}px`;
  root.classList.add("tokens-more"); // a line where it goes on, since a phone shows no scroll bar
}

// The chips of one word stay on one line where they fit.
function words(pairs, columns) {
  const groups = [];
  pairs.forEach((pair, n) => (columns[n].joined ? groups.at(-1).push(pair) : groups.push([pair])));
  return groups.map((group) => {
    if (group.length === 1) return group[0];
    const word = element("span", "tokens-word");
    word.append(...group);
    return word;
  });
}

const states = new WeakMap();

function build(parentElement) {
  const root = element("div", "tokens");
  const box = element("div", "tokens-box");
  box.setAttribute("aria-live", "polite");
  parentElement.append(root, box);
  const state = { root, box };
  document.addEventListener(OPENED, ({ detail }) => {
    if (detail === root || !root.isConnected || state.open === undefined) return;
    state.open = undefined;
    showDetails(state);
  });
  states.set(parentElement, state);
  new ResizeObserver(() => endAtRow(root)).observe(parentElement);
  return state;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const state = states.get(parentElement) ?? build(parentElement);
  const { root } = state;
  state.data = data;
  if (data.details) {
    root.hidden = true;
    state.box.replaceChildren(details(data.details, data.words));
    return;
  }
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.label);
  const pairs = data.columns.map((column) => {
    const opens = data.choose && column.index !== undefined;
    const pair = document.createElement(opens ? "button" : "span");
    pair.className = column.slip ? "tokens-pair tokens-slip" : "tokens-pair";
    if (opens) {
      pair.type = "button";
      pair.dataset.index = column.index;
      if (column.details) pair.dataset.details = "1";
      pair.onclick = () => {
        const again = state.open === column.index;
        state.open = again ? undefined : column.index;
        document.dispatchEvent(new CustomEvent(OPENED, { detail: root }));
        showDetails(state);
        if (!again) setTriggerValue("position", column.index);
      };
    }
    pair.append(line(column.prompt, "prompt"));
    if (column.target || !data.predicts) {
      if (data.predicts) {
        const arrow = document.createElement("span");
        arrow.className = "tokens-predicts";
        arrow.textContent = `${data.predicts} ↓`;
        pair.append(arrow);
      }
      pair.append(line(column.target, "target"));
    }
    if (column.surprise) {
      pair.append(surprise(column.surprise));
      pair.title = column.surprise.words;
    }
    return pair;
  });
  root.replaceChildren(...words(pairs, data.columns));
  showDetails(state);
  endAtRow(root);
  root.tabIndex = root.scrollHeight > root.clientHeight ? 0 : -1;
}
