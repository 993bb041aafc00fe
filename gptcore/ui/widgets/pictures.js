// The camera over a chart, and one picture of all of them: in the light colours, with title and note, 1440 wide, at scale 3.
const WIDTH = 1440;
const SCALE = 3;
const TALLEST = 16000; // pixels: browsers draw no taller canvas
const HEADING = 78;
const EDGE = 20;
let settings;
let loading;

export default function ({ data }) {
  if (!settings) {
    document.addEventListener("click", onClick, true);
    document.addEventListener("page-picture", takePage);
  }
  settings = data;
  return () => {
    if (settings !== data) return; // a newer run has taken over
    document.removeEventListener("click", onClick, true);
    document.removeEventListener("page-picture", takePage);
    settings = undefined;
  };
}

function onClick(event) {
  const button = event.target.closest?.(".modebar-btn");
  const chart = button?.closest(".js-plotly-plot");
  if (!chart?.data || !/png/i.test(button.dataset.title ?? "")) return;
  event.stopPropagation();
  event.preventDefault();
  takeOne(chart);
}

async function takeOne(chart) {
  const key = keyOf(chart);
  save(await picture(chart, SCALE), fileName(key ? `-${key}` : ""));
}

async function takePage() {
  const charts = [...document.querySelectorAll("[data-testid=stMain] .js-plotly-plot")].filter((chart) => chart.data);
  if (!charts.length) return;
  const height = charts.reduce((sum, chart) => sum + heightOf(chart), 0);
  const scale = Math.min(SCALE, TALLEST / height);
  const images = [];
  for (const chart of charts) images.push(await loaded(await picture(chart, scale)));
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH * scale;
  canvas.height = images.reduce((sum, image) => sum + image.height, 0);
  const context = canvas.getContext("2d");
  context.fillStyle = settings.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  let top = 0;
  for (const image of images) {
    context.drawImage(image, 0, top);
    top += image.height;
  }
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const url = URL.createObjectURL(blob);
  save(url, fileName("-charts"));
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

async function picture(chart, scale) {
  const { data, layout } = inLight({ data: chart.data, layout: chart.layout });
  layout.paper_bgcolor = settings.paper;
  layout.autosize = false;
  const size = chart._fullLayout._size; // the margins as they are on the page, with room for its labels
  layout.margin = { l: size.l + EDGE, r: size.r + EDGE, t: size.t + HEADING, b: size.b + EDGE };
  const note = settings.note ? `<br><span style="font-size:14px">${plain(settings.note)}</span>` : "";
  layout.title = {
    text: `<b>${plain(titleOf(chart))}</b>${note}`,
    font: { size: 20, color: "#17202e" },
    x: 0, xref: "container", xanchor: "left", y: 1, yref: "container", yanchor: "top", pad: { l: 20, t: 18 },
  };
  const Plotly = await plotly(settings.plotly);
  return Plotly.toImage({ data, layout }, { format: "png", width: WIDTH, height: heightOf(chart), scale });
}

function heightOf(chart) {
  return Math.round(chart.getBoundingClientRect().height) + HEADING + EDGE;
}

function keyOf(chart) {
  const keyed = chart.closest("[class*=st-key-chart_]");
  return keyed ? /st-key-chart_([\w-]+)/.exec(keyed.className)[1].replaceAll("_", "-") : "";
}

function titleOf(chart) {
  // what stands in bold right above the chart
  let element = chart.closest("[data-testid=stElementContainer], .stElementContainer, [class*=st-key-chart_]");
  for (let steps = 0; element && steps < 3; steps++) {
    const strong = element.previousElementSibling?.querySelector("strong");
    if (strong) return strong.textContent;
    element = element.parentElement;
  }
  return document.querySelector("h1")?.textContent ?? "";
}

function fileName(ending) {
  const page = window.location.pathname.split("/").filter(Boolean).pop() ?? "explore";
  return `gpt-loss-explorer-${page.replaceAll("_", "-")}${ending}.png`;
}

function save(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

function loaded(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = url;
  });
}

function plain(words) {
  return words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
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
