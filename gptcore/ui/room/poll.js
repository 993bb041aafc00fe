// Asks for the room's small file every second or two, and tells the page when its numbers have risen.
const polls = new WeakMap();
const PATIENCE_MS = 5000; // a run that was told and showed nothing new is told again

export default function ({ data, parentElement, setTriggerValue }) {
  const secure = window.location.protocol === "https:" ? "; secure" : "";
  for (const [name, value] of Object.entries(data.cookies)) {
    document.cookie = `${name}=${value}; path=/; max-age=${data.seconds}; samesite=strict${secure}`;
  }
  let poll = polls.get(parentElement);
  if (!poll) {
    poll = { calls: 0, told: "", toldAt: 0 };
    polls.set(parentElement, poll);
    poll.timer = setInterval(() => ask(poll), data.interval);
  }
  const call = ++poll.calls;
  poll.data = data;
  poll.tell = (numbers) => setTriggerValue("news", numbers);
  return () => {
    if (call !== poll.calls) return; // a newer call goes on
    clearInterval(poll.timer);
    polls.delete(parentElement);
  };
}

async function ask(poll) {
  if (poll.asking || document.hidden) return;
  poll.asking = true;
  try {
    const answer = await fetch(new URL(poll.data.file, window.location.href), { cache: "no-store" });
    if (answer.ok) compare(poll, await answer.text());
  } catch {
    // The network is away for a moment: Streamlit says so itself.
  } finally {
    poll.asking = false;
  }
}

function compare(poll, numbers) {
  const [version, activity] = numbers.split(" ").map(Number);
  const news = version > poll.data.version || (poll.data.teaches && activity > poll.data.activity);
  const known = poll.told === numbers && performance.now() - poll.toldAt < PATIENCE_MS;
  if (!news || known) return;
  poll.told = numbers;
  poll.toldAt = performance.now();
  poll.tell(numbers);
}
