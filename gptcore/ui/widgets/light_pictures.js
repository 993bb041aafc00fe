// The camera over a chart: its picture is drawn in the light colours, which can be read on paper and on a white page.
let settings;
let loading;

export default function ({ data }) {
  if (!settings) document.addEventListener("click", onClick, true);
  settings = data;
  return () => {
    if (settings !== data) return; // a newer run has taken over
    document.removeEventListener("click", onClick, true);
    settings = undefined;
  };
}

function onClick(event) {
  const button = event.target.closest?.(".modebar-btn");
  const chart = button?.closest(".js-plotly-plot");
  if (!chart?.data || !/png/i.test(button.dataset.title ?? "")) return;
  event.stopPropagation();
  event.preventDefault();
  takePicture(chart);
}

async function takePicture(chart) {
  const { width, height } = chart.getBoundingClientRect();
  const { data, layout } = inLight({ data: chart.data, layout: chart.layout });
  layout.paper_bgcolor = settings.paper;
  const Plotly = await plotly(settings.plotly);
  await Plotly.downloadImage({ data, layout }, { format: "png", filename: "chart", width, height, scale: 2 });
}

function inLight(value) {
  if (typeof value === "string") {
    return value.replace(/#[0-9a-f]{6}/gi, (colour) => settings.colours[colour.toLowerCase()] ?? colour);
  }
  if (Array.isArray(value)) return value.map(inLight);
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !name.startsWith("_"))
      .map(([name, part]) => [name, inLight(part)]),
  );
}

function plotly(url) {
  if (window.Plotly) return window.Plotly;
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(url, window.location.href).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      loading = undefined; // the next press asks again
      reject(new Error(`${script.src} did not load`));
    };
    document.head.append(script);
  });
  return loading;
}
