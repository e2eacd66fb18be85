// The query page: YASGUI on our own endpoint, with completion from our own data.
import { chartPlugin, mapPlugin } from "./drawing.js";
import { resolve, shorten, subjectClasses, wordAt } from "./sparql.js";
import { tablePlugin } from "./table.js";

const configuration = JSON.parse(document.getElementById("configuration").textContent);
const { texts, prefixes, language } = configuration;
const { Yasqe, Yasr } = window.Yasgui;
const timing = document.getElementById("timing");

// Completion: what our data has, with labels and counts, instead of a service on another host.
const known = new Map();
let picked = null;

function allPrefixes(yasqe) {
  return { ...prefixes, ...yasqe.getPrefixesFromQuery() };
}

function textBefore(yasqe) {
  return yasqe.getDoc().getRange({ line: 0, ch: 0 }, yasqe.getDoc().getCursor());
}

async function suggestions(kind, typed, ofClass) {
  const parameters = new URLSearchParams(ofClass ? { q: typed, class: ofClass } : { q: typed });
  const answer = await fetch(`${configuration.completion}${kind}?${parameters}`);
  return answer.ok ? answer.json() : [];
}

async function complete(kind, yasqe) {
  const before = textBefore(yasqe);
  const own = allPrefixes(yasqe);
  const { typed } = wordAt(before);
  const wanted = /^[^<:]*:/.test(typed) ? resolve(typed, own) : typed;
  // YASQE asks once more when it has declared the prefix of what was picked.
  if (wanted === picked) return [];
  const classes = kind === "properties" ? subjectClasses(yasqe.getValue(), before) : [];
  let found = (await Promise.all(classes.map((name) => suggestions(kind, wanted, resolve(name, own))))).flat();
  // A subject without a class, or with one that the data does not have, may have any property.
  if (found.length === 0) found = await suggestions(kind, wanted);
  for (const row of found) known.set(row.iri, row);
  return [...new Set(found.map((row) => row.iri))];
}

/** The whole word at the cursor: a Korean one is many tokens for YASQE, and white space is not replaced. */
function word(yasqe) {
  const { line, ch } = yasqe.getDoc().getCursor();
  const { typed } = wordAt(textBefore(yasqe));
  const rest = /^[\p{L}\p{M}\p{N}_:%>-]*/u.exec(yasqe.getDoc().getLine(line).slice(ch))[0];
  return { string: typed, from: { line, ch: ch - typed.length }, to: { line, ch: ch + rest.length } };
}

/** How a term is written in this query: with a prefix where there is one. */
function written(yasqe, iri) {
  const short = shorten(iri, allPrefixes(yasqe));
  return short === iri ? `<${iri}>` : short;
}

function describe(yasqe, hints) {
  for (const hint of hints) {
    const row = known.get(resolve(hint.text, allPrefixes(yasqe)));
    if (!row) continue;
    hint.hint = (editor) => {
      picked = row.iri;
      editor.getDoc().replaceRange(hint.text, hint.from, hint.to, "complete");
    };
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
      isValidCompletionPosition: (yasqe) => wordAt(textBefore(yasqe)).kind === kind,
      preProcessToken: word,
      get: (yasqe) => complete(kind, yasqe),
      postProcessSuggestion: (yasqe, token, iri) => written(yasqe, iri),
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
  yasqe.on("queryResponse", (_, response, duration) => {
    if (response?.name !== "AbortError") tellTiming(response, duration);
    // The browser's own words for it are about a signal.
    else if (response.message !== texts.stopped) tab.getYasr().setResponse(new Error(texts.stopped), duration);
  });
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

/** Make the editor. A query in the address is shown, not run: anybody can write links. */
function withoutRunning(make) {
  const { Tab } = window.Yasgui;
  const { query } = Tab.prototype;
  let held = null;
  Tab.prototype.query = function hold() {
    held = this;
    return Promise.resolve();
  };
  try {
    return [make(), held];
  } finally {
    Tab.prototype.query = query;
  }
}

/** What an address configures, on an endpoint of ours whichever it names. */
function ours(linked) {
  const { endpoint } = linked.requestConfig;
  const there = configuration.endpoints.some((row) => row.endpoint === endpoint);
  return { ...linked, requestConfig: { ...linked.requestConfig, endpoint: there ? endpoint : configuration.endpoint } };
}

/** Offer to run the query that came with the address. */
function offer(tab) {
  const notice = document.getElementById("held");
  notice.hidden = false;
  notice.querySelector("button").addEventListener("click", () => tab.query().catch(() => {}));
  tab.on("query", () => { notice.hidden = true; });
}

function start() {
  setUpCompletion();
  Yasr.registerPlugin("table", tablePlugin(Yasr.plugins.table));
  Yasr.registerPlugin("chart", chartPlugin(configuration));
  Yasr.registerPlugin("map", mapPlugin(configuration));
  Yasr.defaults.prefixes = prefixes;
  Yasr.defaults.pluginOrder = ["table", "chart", "map", "response"];
  Yasqe.defaults.value = configuration.example;
  // YASGUI sends the page's own parameters, as the language, with every query: it must not see them.
  const { href } = location;
  history.replaceState(history.state, "", `${location.pathname}${location.hash}`);
  const settings = {
    requestConfig: { endpoint: configuration.endpoint, method: "POST" },
    copyEndpointOnNewTab: true,
    populateFromUrl: ours,
    persistenceId: `endpoint ${configuration.endpoint}`,
    endpointCatalogueOptions: {
      getData: () => configuration.endpoints,
      keys: ["title", "endpoint"],
      renderItem: (data, source) => {
        source.textContent = `${data.value.title} `;
        source.append(Object.assign(document.createElement("small"), { textContent: data.value.endpoint }));
      },
    },
  };
  const [yasgui, held] = withoutRunning(() => new window.Yasgui(document.getElementById("yasgui"), settings));
  history.replaceState(history.state, "", href);
  yasgui.on("query", (_, tab) => follow(tab));
  if (held !== null) offer(held);
  setUpSavedQueries(yasgui);
  document.getElementById("plain").hidden = true;
  document.documentElement.dataset.editor = "ready";
}

start();
