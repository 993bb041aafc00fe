// A button that asks pictures.js for one picture of all charts.
export default function ({ data, parentElement }) {
  let button = parentElement.querySelector(".page-picture");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "page-picture";
    button.addEventListener("click", () => document.dispatchEvent(new CustomEvent("page-picture")));
    parentElement.append(button);
  }
  button.textContent = data.label;
}
