// The query page: YASGUI on our own endpoint, with completion from our own data.
import { chartPlugin, mapPlugin } from "./drawing.js";
import { subjectClasses, resolve, shorten } from "./sparql.js";

const configuration = JSON.parse(document.getElementById("configuration").textContent);
const { texts, prefixes, language } = configuration;
const { Yasqe, Yasr } = window.Yasgui;
const timing = document.getElementById("timing");

// Completion: what our data has, with labels and counts, instead of a service on another host.
const known = new Map();

async function complete(kind, yasqe, token) {
  const typed = token?.autocompletionString ?? "";
  const parameters = new URLSearchParams({ q: typed });
  if (kind === "properties") {
    const own = { ...prefixes, ...yasqe.getPrefixesFromQuery() };
    const before = yasqe.getDoc().getRange({ line: 0, ch: 0 }, yasqe.getDoc().getCursor());
    for (const name of subjectClasses(yasqe.getValue(), before)) parameters.append("class", resolve(name, own));
  }
  const answer = await fetch(`${configuration.completion}${kind}?${parameters}`);
  if (!answer.ok) return [];
  const found = await answer.json();
  for (const row of found) known.set(row.iri, row);
  return found.map((row) => row.iri);
}

function iriOf(yasqe, text) {
  return text.startsWith("<") ? text.slice(1, -1) : resolve(text, { ...prefixes, ...yasqe.getPrefixesFromQuery() });
}

function describe(yasqe, hints) {
  for (const hint of hints) {
    const row = known.get(iriOf(yasqe, hint.text));
    if (!row) continue;
    hint.render = (element) => {
      const label = row.label?.[language] ?? row.label?.ko ?? row.label?.en ?? Object.values(row.label ?? {})[0] ?? "";
      const parts = [["code", row.prefixed ?? shorten(row.iri, prefixes)], ["span", label]];
      if (row.count != null) parts.push(["small", row.count.toLocaleString(language)]);
      for (const [name, text] of parts) {
        const part = document.createElement(name);
        part.textContent = text;
        element.append(part, " ");
      }
    };
  }
  return hints;
}

function setUpCompletion() {
  for (const [builtIn, kind] of [["class", "classes"], ["property", "properties"]]) {
    Yasqe.forkAutocompleter(builtIn, {
      name: `own-${builtIn}`,
      bulk: false,
      get: (yasqe, token) => complete(kind, yasqe, token),
      postprocessHints: describe,
    });
  }
  Yasqe.defaults.autocompleters = ["prefixes", "variables", "own-class", "own-property"];
  Yasqe.defaults.prefixCcApi = configuration.prefixesUrl;
}

// How long the last query took, as the server tells it.
const milliseconds = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

function tellTiming(response, duration) {
  if (!response?.headers) {
    timing.textContent = response instanceof Error ? `${texts.failed} ${milliseconds.format(duration)} ms` : "";
    return;
  }
  const told = [...(response.headers.get("server-timing") ?? "").matchAll(/(\w+);dur=([\d.]+)/g)];
  const names = { queue: texts.waited, plan: texts.planned, eval: texts.evaluated };
  const parts = told.filter(([, name]) => names[name]).map(([, name, time]) => `${names[name]} ${milliseconds.format(time)} ms`);
  timing.textContent = [...parts, `${texts.received} ${milliseconds.format(duration)} ms`].join(" · ");
}

const followed = new WeakSet();

function follow(tab) {
  const yasqe = tab.getYasqe();
  timing.textContent = texts.running;
  if (followed.has(yasqe)) return;
  followed.add(yasqe);
  yasqe.on("queryResponse", (_, response, duration) => tellTiming(response, duration));
  yasqe.on("queryAbort", () => { timing.textContent = texts.stopped; });
}

// The saved queries: a click opens one in a tab of its own.
function setUpSavedQueries(yasgui) {
  const links = [...document.querySelectorAll("a[data-query]")];
  for (const link of links) {
    link.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const answer = await fetch(link.dataset.query, { headers: { Accept: "application/sparql-query" } });
      if (!answer.ok) {
        location.assign(link.href);
        return;
      }
      const value = await answer.text();
      const tab = { ...window.Yasgui.Tab.getDefaults(yasgui), name: link.textContent, yasqe: { value } };
      yasgui.addTab(true, tab, { avoidDuplicateTabs: true });
    });
  }
  const wanted = document.getElementById("wanted");
  document.getElementById("filter").hidden = false;
  wanted.addEventListener("input", () => {
    const words = wanted.value.normalize().toLowerCase();
    for (const group of document.querySelectorAll("details.group")) {
      let shown = 0;
      for (const item of group.querySelectorAll("li")) {
        item.hidden = !item.textContent.toLowerCase().includes(words);
        shown += item.hidden ? 0 : 1;
      }
      group.hidden = shown === 0;
      if (words) group.open = true;
    }
  });
}

function start() {
  setUpCompletion();
  Yasr.registerPlugin("chart", chartPlugin(configuration));
  Yasr.registerPlugin("map", mapPlugin(configuration));
  Yasr.defaults.prefixes = prefixes;
  Yasr.defaults.pluginOrder = ["table", "chart", "map", "response"];
  Yasqe.defaults.value = configuration.example;
  const yasgui = new window.Yasgui(document.getElementById("yasgui"), {
    requestConfig: { endpoint: configuration.endpoint, method: "POST" },
    copyEndpointOnNewTab: true,
    persistenceId: `endpoint ${configuration.endpoint}`,
    endpointCatalogueOptions: {
      getData: () => configuration.endpoints,
      keys: ["title", "endpoint"],
      renderItem: (data, source) => {
        source.textContent = `${data.value.title} `;
        source.append(Object.assign(document.createElement("small"), { textContent: data.value.endpoint }));
      },
    },
    // The page's own parameters, as the language, are none of the query.
    populateFromUrl: (tab) => {
      tab.requestConfig.args = [];
      return tab;
    },
  });
  yasgui.on("query", (_, tab) => follow(tab));
  setUpSavedQueries(yasgui);
  document.getElementById("plain").hidden = true;
  document.documentElement.dataset.editor = "ready";
}

start();
