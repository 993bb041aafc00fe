// What this browser remembers between visits, in its own storage; and in a cookie, so that the server need not draw it.
const PREFIX = "gpt-loss-explorer:";
const LAST_LINK = "gpt-loss-explorer.last"; // as own_link.js keeps it
const A_YEAR = 31536000; // seconds
const shown = new Set(); // in this visit

export default function ({ data }) {
  const secure = window.location.protocol === "https:" ? "; secure" : "";
  for (const name of data.once) {
    document.cookie = `gpt-seen-${name}=1; path=/; max-age=${A_YEAR}; samesite=strict${secure}`;
    if (!shown.has(name) && firstTime(name)) shown.add(name);
    if (shown.has(name)) document.documentElement.classList.add(`once-${name}`);
  }
}

function firstTime(name) {
  try {
    if (window.localStorage.getItem(PREFIX + name) !== null) return false;
    if (window.localStorage.getItem(LAST_LINK) !== null) return false; // who once came by a link has been here
    window.localStorage.setItem(PREFIX + name, new Date().toISOString());
    return true;
  } catch {
    return false; // no storage: what cannot be remembered is not shown at all
  }
}
