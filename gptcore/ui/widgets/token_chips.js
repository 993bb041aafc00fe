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

export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".tokens");
  if (!root) {
    root = document.createElement("div");
    root.className = "tokens";
    parentElement.append(root);
  }
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.label);
  const pairs = data.columns.map((column) => {
    const opens = data.choose && column.index !== undefined;
    const pair = document.createElement(opens ? "button" : "span");
    pair.className = column.slip ? "tokens-pair tokens-slip" : "tokens-pair";
    if (opens) {
      pair.type = "button";
      pair.onclick = () => setTriggerValue("position", column.index);
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
  root.replaceChildren(...pairs);
  root.tabIndex = root.scrollHeight > root.clientHeight ? 0 : -1;
}
