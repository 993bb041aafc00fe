// Asks for the page anew once the line to the server is back: what was on its way when it broke is lost both ways, a
// field's new value or the page that was drawn for it. A run that Streamlit knows to be cut short it asks for itself.
const APP = '[data-testid="stApp"]';
const watches = new WeakMap();

function watch(app) {
  const watched = { calls: 0, broken: false };
  watched.observer = new MutationObserver(() => {
    if (app.dataset.testConnectionState !== "CONNECTED") {
      watched.broken = true;
    } else if (watched.broken) {
      watched.broken = false;
      if (app.dataset.testScriptState === "notRunning") watched.ask("again", true);
    }
  });
  watched.observer.observe(app, { attributeFilter: ["data-test-connection-state"] });
  return watched;
}

export default function ({ parentElement, setTriggerValue }) {
  const app = document.querySelector(APP);
  if (!app) return;
  const watched = watches.get(parentElement) ?? watch(app);
  watches.set(parentElement, watched);
  watched.ask = setTriggerValue;
  const call = ++watched.calls;
  return () => {
    if (call !== watched.calls) return; // Streamlit ends a call that newer data has overtaken, after the newer one
    watched.observer.disconnect();
    watches.delete(parentElement);
  };
}
