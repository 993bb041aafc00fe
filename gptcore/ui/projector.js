// The key ? presses the button that shows the keys; a press while somebody types is a question mark.
const TYPING = "input, textarea, select, [contenteditable=true], [role=combobox]";

export default function ({ parentElement }) {
  parentElement.classList.add("question-mark-key");
  const press = (event) => {
    if (event.key !== "?" || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target instanceof Element && event.target.closest(TYPING)) return;
    document.querySelector(".st-key-show_keys button")?.click();
  };
  window.addEventListener("keydown", press);
  return () => window.removeEventListener("keydown", press);
}
