// Bring a part of the page into view, once for each request: what is drawn again does not scroll again.
let last;

export default function ({ data }) {
  if (data.request === last) return;
  last = data.request;
  setTimeout(() => document.querySelector(data.selector)?.scrollIntoView({ block: "start" }), 50);
}
