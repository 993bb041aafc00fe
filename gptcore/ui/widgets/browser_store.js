// What this browser remembers between visits, in its own storage: nothing of it is sent to the server.
const PREFIX = "gpt-loss-explorer:";
const shown = new Set(); // in this visit

export default function ({ data }) {
  for (const name of data.once) {
    if (!shown.has(name) && firstTime(name)) shown.add(name);
    if (shown.has(name)) document.documentElement.classList.add(`once-${name}`);
  }
}

function firstTime(name) {
  try {
    if (window.localStorage.getItem(PREFIX + name) !== null) return false;
    window.localStorage.setItem(PREFIX + name, new Date().toISOString());
    return true;
  } catch {
    return false; // no storage: what cannot be remembered is not shown at all
  }
}
