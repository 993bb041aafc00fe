// The link to what is shown: to be copied, and kept in this browser so that the next visit can go on from it.
const KEPT = "gpt-loss-explorer.last";
const NOT_SHARED = ["room", "key", "lesson"]; // a room is joined by its code, and its key is its teacher's alone

function element(tag, className, words) {
  const made = document.createElement(tag);
  made.className = className;
  if (words !== undefined) made.textContent = words;
  return made;
}

function button(key, words, act) {
  const made = element("button", `own-link-button own-link-${key}`, words);
  made.type = "button";
  made.onclick = act;
  return made;
}

function link() {
  const url = new URL(location.href);
  for (const name of NOT_SHARED) url.searchParams.delete(name);
  return url;
}

// Without https a page may not use the clipboard; then the link is selected and copied as a hand would.
async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    const field = element("textarea", "own-link-field");
    field.value = words;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

function kept() {
  try {
    return localStorage.getItem(KEPT) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

function keep(words) {
  try {
    if (words) localStorage.setItem(KEPT, words);
    else localStorage.removeItem(KEPT);
  } catch {
    // nothing is kept then
  }
}

const home = () => new URL(".", location.href).pathname;
const bare = () => location.pathname === home() && [...new URLSearchParams(location.search).keys()].every((k) => k === "lang");

const states = new WeakMap();

function build(parentElement, offers) {
  const state = { root: element("div", "own-link"), told: element("span", "own-link-told"), last: "" };
  state.told.setAttribute("role", "status");
  parentElement.append(state.root);
  if (!offers) return state;
  // What was kept is offered as long as the page is as it opened; from then on, what is shown is kept.
  state.last = bare() ? kept() : "";
  state.timer = setInterval(() => {
    if (!parentElement.isConnected) {
      clearInterval(state.timer);
    } else if (!bare()) {
      const { searchParams } = new URL(location.href);
      if (!NOT_SHARED.some((name) => searchParams.has(name))) keep(location.pathname + location.search);
      state.root.replaceChildren();
      state.last = "";
    }
  }, 1000);
  return state;
}

export default function ({ data, parentElement }) {
  const offers = data.part === "offer";
  const state = states.get(parentElement) ?? build(parentElement, offers);
  states.set(parentElement, state);
  const { root, told, last } = state;
  const startOver = button("over", data.words.start_over, () => {
    keep("");
    location.assign(home());
  });
  startOver.title = data.words.start_over_help;
  if (offers) {
    const goOn = button("on", data.words.go_on, () => location.assign(last));
    root.replaceChildren(...(/^\/(?!\/)/.test(last) ? [goOn] : []));
    return;
  }
  const copyLink = button("copy", data.words.copy, async () => {
    told.textContent = (await copy(link().href)) ? data.words.copied : data.words.not_copied;
    setTimeout(() => (told.textContent = ""), 4000);
  });
  root.replaceChildren(copyLink, startOver, told);
}
