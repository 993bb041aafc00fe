// A Plotly chart that is updated in place: nothing blinks while numbers stream in.
const ATTEMPTS = 5;
let loading;

function plotly(url) {
  loading ??= loaded(url).catch((error) => {
    loading = undefined; // the next figure asks again
    throw error;
  });
  return loading;
}

async function loaded(url) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetched(url);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * attempt)); // a network that was away for a moment
    }
  }
}

function fetched(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(url, window.location.href).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      script.remove();
      reject(new Error(`${script.src} did not load`));
    };
    document.head.append(script);
  });
}

const charts = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let chart = charts.get(parentElement);
  if (!chart) {
    const root = document.createElement("div");
    root.className = "live-chart";
    root.setAttribute("role", "figure"); // not "img": the buttons over the chart can be reached
    parentElement.append(root);
    chart = { root, wanted: undefined, drawing: false, gone: false, calls: 0 };
    chart.observer = new ResizeObserver(() => {
      if (chart.width !== root.clientWidth && chart.wanted) draw(chart);
    });
    chart.observer.observe(root);
    charts.set(parentElement, chart);
  }
  const { root } = chart;
  const call = ++chart.calls;
  chart.click = (index) => setTriggerValue("point", index);
  chart.url = data.plotly;
  root.setAttribute("aria-label", data.alt);
  root.classList.toggle("live-chart-clickable", data.clickable);
  if (chart.spec !== data.figure) {
    chart.spec = data.figure;
    chart.wanted = JSON.parse(data.figure);
    root.style.height = `${chart.wanted.layout.height}px`;
    draw(chart);
  }
  return () => {
    if (call !== chart.calls) return; // Streamlit ends a call that newer data has overtaken, after the newer one
    chart.gone = true;
    chart.observer.disconnect();
    if (window.Plotly) window.Plotly.purge(root);
    root.remove();
    charts.delete(parentElement);
  };
}

async function draw(chart) {
  if (chart.drawing) return; // the drawing under way goes on to the newest figure
  chart.drawing = true;
  try {
    const Plotly = await plotly(chart.url);
    let drawn;
    while (!chart.gone && (drawn !== chart.wanted || chart.width !== chart.root.clientWidth)) {
      drawn = chart.wanted;
      chart.width = chart.root.clientWidth;
      const modebar = { bgcolor: "rgba(0,0,0,0)", color: "#8b95a4", activecolor: "#5b6675" };
      const layout = { modebar, ...drawn.layout, width: chart.width, autosize: false };
      await Plotly.react(chart.root, drawn.data, layout, {
        displaylogo: false,
        scrollZoom: false,
        modeBarButtonsToRemove: ["lasso2d", "select2d"],
      });
      chart.root.dataset.drawn = String(1 + Number(chart.root.dataset.drawn ?? 0));
      if (!chart.listening) {
        chart.listening = true;
        chart.root.on("plotly_click", (event) => {
          const meaning = event.points.map((point) => point.customdata).find((found) => found != null);
          if (meaning != null) chart.click(Array.isArray(meaning) ? meaning[0] : meaning);
        });
      }
    }
  } finally {
    chart.drawing = false;
  }
}
