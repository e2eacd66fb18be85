// Results as a chart or on a map, drawn with Observable Plot when first asked for.

import { shorten } from "./sparql.js";

const MOST = 300;
const NUMBER = /#(integer|decimal|double|float|int|long|short|byte|nonNegativeInteger|positiveInteger|unsigned\w+)$/;
const TIME = /#(date|dateTime|gYear|gYearMonth)$/;
const YEAR = /^[12]\d{3}$/;
const POINT = /^\s*(?:<[^>]*>\s*)?POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)\s*\)\s*$/i;
const LATITUDE = /^(lat|latitude|위도)$/i;
const LONGITUDE = /^(lon|long|lng|longitude|경도)$/i;

let loading;

function load(addresses) {
  loading ??= addresses.reduce(
    (before, address) =>
      before.then(
        () =>
          new Promise((resolve, reject) => {
            const script = Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject });
            document.head.append(script);
          }),
      ),
    Promise.resolve(),
  );
  return loading;
}

function icon(path) {
  const holder = document.createElement("span");
  holder.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}" fill="currentColor"/></svg>`;
  return holder.firstElementChild;
}

let prefixes = {};

/** What stands for a term in a drawing: its text, or an IRI with a prefix where it has one. */
function shown(term) {
  if (term === undefined) return "";
  return term.type === "uri" ? shorten(term.value, prefixes) : term.value;
}

/** Which columns a chart can be made of: names first, then at most one more that divides them, and a number. */
export function series(variables, bindings) {
  const numbers = [];
  const names = [];
  for (const variable of variables) {
    const terms = bindings.map((row) => row[variable]).filter(Boolean);
    if (terms.length === 0) continue;
    const years = /(^|[^a-z])(year|연도)/i.test(variable) || terms.every((term) => TIME.test(term.datatype ?? ""));
    if (!years && terms.every((term) => NUMBER.test(term.datatype ?? ""))) numbers.push(variable);
    else names.push({ variable, time: years });
  }
  if (names.length === 0 && numbers.length > 1) {
    // Of numbers alone the first is what the others are told for, such as a year.
    const variable = numbers.shift();
    names.push({ variable, time: bindings.every((row) => YEAR.test(row[variable]?.value ?? "")) });
  }
  if (numbers.length === 0 || names.length === 0 || bindings.length < 2) return null;
  const first = names.find((row) => row.time) ?? names[0];
  const distinct = new Set(bindings.map((row) => shown(row[first.variable])));
  const second = names.find((row) => row !== first);
  const divided = second !== undefined && distinct.size < bindings.length;
  return { number: numbers[0], name: first.variable, time: first.time, by: divided ? second.variable : null };
}

/** The coordinates of each row that has them, as [longitude, latitude, label]. */
export function places(variables, bindings) {
  const latitude = variables.find((variable) => LATITUDE.test(variable));
  const longitude = variables.find((variable) => LONGITUDE.test(variable));
  const found = [];
  for (const row of bindings) {
    let point = null;
    if (row[latitude] && row[longitude]) point = [Number(row[longitude].value), Number(row[latitude].value)];
    for (const variable of variables) {
      const match = row[variable]?.datatype?.endsWith("#wktLiteral") && POINT.exec(row[variable].value);
      if (match) point = [Number(match[1]), Number(match[2])];
    }
    if (!point?.every(Number.isFinite)) continue;
    const rest = variables.filter((name) => name !== latitude && name !== longitude && !row[name]?.datatype?.endsWith("#wktLiteral"));
    found.push([...point, rest.map((name) => shown(row[name])).filter(Boolean).join("\n")]);
  }
  return found;
}

function chart(Plot, bindings, columns, width, language) {
  const data = bindings.slice(0, MOST).map((row) => ({
    name: shown(row[columns.name]),
    by: columns.by === null ? undefined : shown(row[columns.by]),
    number: Number(row[columns.number]?.value ?? 0),
  }));
  const marks = { x: "number", y: "name", fill: columns.by === null ? "#1f6f99" : "by", tip: true };
  const common = { width, color: { legend: columns.by !== null, scheme: "tableau10" }, style: { fontSize: "13px", fontFamily: "inherit", background: "transparent" } };
  if (columns.time) {
    const names = [...new Set(data.map((row) => row.name))].sort();
    return Plot.plot({
      ...common,
      height: 380,
      marginBottom: 60,
      x: { domain: names, label: columns.name, tickRotate: names.length > 15 ? -60 : 0 },
      y: { grid: true, label: columns.number, tickFormat: (value) => value.toLocaleString(language) },
      marks: [Plot.barY(data, { ...marks, x: "name", y: "number" }), Plot.ruleY([0])],
    });
  }
  const names = [...new Set(data.map((row) => row.name))];
  return Plot.plot({
    ...common,
    height: 60 + names.length * 24,
    marginLeft: Math.min(260, 20 + 9 * Math.max(...names.map((name) => name.length))),
    x: { grid: true, label: columns.number, tickFormat: (value) => value.toLocaleString(language) },
    y: { domain: names, label: null, tickFormat: (name) => (name.length > 28 ? `${name.slice(0, 27)}…` : name) },
    marks: [Plot.barX(data, marks), Plot.ruleX([0])],
  });
}

function map(Plot, land, points, width) {
  return Plot.plot({
    width,
    projection: { type: "equal-earth" },
    style: { background: "transparent" },
    marks: [
      Plot.geo(land, { fill: "currentColor", fillOpacity: 0.15 }),
      Plot.sphere({ stroke: "currentColor", strokeOpacity: 0.4 }),
      Plot.dot(points, { x: "0", y: "1", r: 4, fill: "#0b5a8a", stroke: "white", title: "2", tip: true }),
    ],
  });
}

function plugin(label, path, can, make, configuration) {
  prefixes = configuration.prefixes;
  return class {
    constructor(yasr) {
      this.yasr = yasr;
      this.label = label;
      this.priority = 5;
    }

    read() {
      const results = this.yasr.results;
      if (!results || results.hasError?.() || typeof results.getBoolean?.() === "boolean") return null;
      const bindings = results.getBindings?.() ?? [];
      return bindings.length === 0 ? null : can(results.getVariables(), bindings);
    }

    canHandleResults() {
      return this.read() !== null;
    }

    getIcon() {
      return icon(path);
    }

    async draw() {
      const holder = document.createElement("figure");
      holder.className = "drawing";
      this.yasr.resultsEl.replaceChildren(holder);
      try {
        await load(configuration.charts);
        const bindings = this.yasr.results.getBindings();
        const width = Math.max(320, holder.clientWidth);
        holder.append(await make(window.Plot, this.read(), bindings, width));
        if (bindings.length > MOST) {
          holder.append(Object.assign(document.createElement("figcaption"), { textContent: `${configuration.texts.first} ${MOST}` }));
        }
      } catch {
        loading = undefined;
        holder.textContent = configuration.texts.unavailable;
      }
    }
  };
}

export function chartPlugin(configuration) {
  const path = "M1 15V1h1v13h13v1zM4 12V7h2v5zm4 0V3h2v9zm4 0V6h2v6z";
  const make = (Plot, columns, bindings, width) => chart(Plot, bindings, columns, width, configuration.language);
  return plugin(configuration.texts.chart, path, series, make, configuration);
}

export function mapPlugin(configuration) {
  const path = "M8 1a5 5 0 0 0-5 5c0 3.5 5 9 5 9s5-5.500 5-9a5 5 0 0 0-5-5zm0 7a2 2 0 1 1 0-4 2 2 0 0 1 0 4z";
  const can = (variables, bindings) => {
    const found = places(variables, bindings);
    return found.length > 0 ? found : null;
  };
  const make = async (Plot, points, _, width) => {
    const answer = await fetch(configuration.land);
    const atlas = await answer.json();
    return map(Plot, window.topojson.feature(atlas, atlas.objects.land), points, width);
  };
  return plugin(configuration.texts.map, path, can, make, configuration);
}
