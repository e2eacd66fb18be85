// The table of results: YASGUI's own, with cells that are built as nodes and text. Its own cells are written as
// markup, so that a value could be one.

// Only these become links: a browser would execute some others.
const FOLLOWED = /^(?:https?:\/\/|mailto:)/i;
const TAG = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/;
const NUMBER = /#(?:integer|decimal|double|float|int|long|short|byte|\w*(?:Integer|Int|Long|Short|Byte))$/;
// Characters at which a spreadsheet reads a cell as a formula, also at full width; as the server's own CSV has it.
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** The address that a link to this IRI leads to; null where it must not be a link. */
export function followed(iri) {
  if (!FOLLOWED.test(iri)) return null;
  try {
    // Written anew, so that no character of it means something in markup.
    return new URL(iri).href;
  } catch {
    return null;
  }
}

/** Text without what would end the isolation around it, or begin one that goes on after it (UAX 9, BD9). */
function balanced(text) {
  let depth = 0;
  const kept = text.replace(/[\u2066-\u2069]/g, (mark) => {
    if (mark !== "\u2069") depth += 1;
    else if (depth === 0) return "";
    else depth -= 1;
    return mark;
  });
  return kept + "\u2069".repeat(depth);
}

/** Text whose direction changes nothing around it. */
function isolated(text, language) {
  const made = element("bdi", "", balanced(text));
  if (language && TAG.test(language)) made.lang = language;
  return made;
}

function link(iri, prefixes, bare) {
  const [prefix, namespace] = Object.entries(prefixes).find(([, start]) => iri.startsWith(start)) ?? [];
  const text = isolated(namespace === undefined ? iri : `${prefix}:${iri.slice(namespace.length)}`);
  const href = followed(iri);
  const shown = element(href === null ? "span" : "a", "iri", text);
  if (href !== null) Object.assign(shown, { href, target: "_blank", rel: "noopener noreferrer" });
  return bare || namespace !== undefined ? [shown] : ["<", shown, ">"];
}

function literal(term, prefixes, bare) {
  const language = term["xml:lang"];
  const text = isolated(String(term.value), language);
  if (bare) return [text];
  if (language) return ['"', text, '"', element("sup", "", "@", isolated(language))];
  if (term.datatype) return ['"', text, '"', element("sup", "", "^^", ...link(term.datatype, prefixes, false))];
  return [text];
}

/** The content of a cell; `bare` leaves out brackets, quotes, languages and datatypes. */
export function cell(term, prefixes, bare) {
  const children = term.type === "uri" ? link(term.value, prefixes, bare) : literal(term, prefixes, bare);
  return element("div", "", element("span", term.type === "uri" ? "" : "nonIri", ...children));
}

/** Text as markup, for places that parse what they are given. */
function escaped(text) {
  return element("div", "", text).innerHTML;
}

/** CSV (RFC 4180) with a byte order mark, no cell of which a spreadsheet takes for a formula. */
export function guardedCsv(variables, bindings) {
  const guarded = (term) => {
    const text = String(term?.value ?? "");
    return FORMULA.test(text) && !NUMBER.test(term?.datatype ?? "") ? `'${text}` : text;
  };
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = bindings.map((row) => variables.map((name) => guarded(row[name])));
  return `\ufeff${[variables, ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("")}`;
}

/** YASGUI's table with cells of our own. */
export function tablePlugin(Table) {
  return class extends Table {
    getColumns() {
      const variables = this.yasr.results?.getVariables() ?? [];
      return super.getColumns().map((column, place) => (place === 0 ? column : this.column(column, variables[place - 1])));
    }

    column(column, name) {
      const prefixes = this.yasr.getPrefixes();
      const render = (term, type) => {
        if (type === "display") return term === "" ? "" : cell(term, prefixes, this.persistentConfig.compact);
        const text = term === "" ? "" : String(term.value);
        // The filter parses what looks like markup.
        return type === "filter" ? escaped(text) : text;
      };
      return { ...column, title: escaped(name), type: "string", render };
    }

    download(filename) {
      const getData = () => guardedCsv(this.yasr.results?.getVariables() ?? [], this.yasr.results?.getBindings() ?? []);
      return { ...super.download(filename), getData };
    }
  };
}
