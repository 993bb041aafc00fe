// Scrolls to a part of the page once that part is there and what stands above it has its height.
let shown;

export default function ({ data }) {
  if (data.number === shown) return;
  shown = data.number;
  let looks = 0;
  let last;
  const timer = setInterval(() => {
    const part = document.querySelector(data.key ? `.st-key-${data.key}` : '[data-testid="stMainBlockContainer"]');
    const top = part?.getBoundingClientRect().top;
    if (part && top !== last) part.scrollIntoView({ block: "start" });
    last = part?.getBoundingClientRect().top;
    if (++looks >= 12) stop();
  }, 250);
  const stop = () => {
    clearInterval(timer);
    for (const event of BY_HAND) window.removeEventListener(event, stop);
  };
  for (const event of BY_HAND) window.addEventListener(event, stop, { passive: true });
}

const BY_HAND = ["wheel", "touchstart", "keydown", "pointerdown"]; // the reader scrolls by themselves
