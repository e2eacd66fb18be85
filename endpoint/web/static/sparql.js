// Small readings of SPARQL text, as an editor needs them while it is being typed.

/** The IRI of a prefixed name, or of one in angle brackets; the text itself where it is neither. */
export function resolve(name, prefixes) {
  if (name.startsWith("<")) return name.slice(1, -1);
  const colon = name.indexOf(":");
  const namespace = prefixes[name.slice(0, colon)];
  return namespace === undefined ? name : namespace + name.slice(colon + 1);
}

/** An IRI with the longest prefix that fits, else whole. */
export function shorten(iri, prefixes) {
  let best = null;
  for (const [prefix, namespace] of Object.entries(prefixes)) {
    if (iri.startsWith(namespace) && namespace.length > (best?.[1].length ?? 0)) best = [prefix, namespace];
  }
  const local = best && iri.slice(best[1].length);
  return best && /^[\w.-]*$/u.test(local) ? `${best[0]}:${local}` : iri;
}

const TOKEN = /<[^<>"{}|^`\\\s]*>|"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*|[?$][\p{L}\p{N}_]+|[\p{L}\p{N}_.-]*:(?:[\p{L}\p{N}_%:-]|\.(?=[\p{L}\p{N}_]))*|\p{L}+|[+-]?\d+(?:\.\d+)?|[{}.;,()[\]/|]/gu;
// After these comes what is no triple, up to a closing parenthesis or an opening brace.
const EXPRESSION = /^(filter|bind|having)$/i;
const PATTERN = /^(graph|service|silent|minus|optional|union|values|where|exists|not|select|distinct|reduced)$/i;
const TYPE = /^(a|rdf:type|<http:\/\/www\.w3\.org\/1999\/02\/22-rdf-syntax-ns#type>)$/;
const NAMES_CLASS = /^(rdfs:(domain|range|subClassOf)|<http:\/\/www\.w3\.org\/2000\/01\/rdf-schema#(domain|range|subClassOf)>)$/;

function tokens(text) {
  return (text.match(TOKEN) ?? []).filter((token) => !token.startsWith("#"));
}

/** Where the triple at the end of `text` stands, and the classes that the text gives its subjects. */
function read(text) {
  const start = () => ({ subject: null, predicate: null, place: "subject" });
  const types = [];
  let at = start();
  let around = [];
  let nodes = 0;
  let depth = 0;
  let braces = 0;

  function take(token) {
    if (braces === 0) return;
    if (at.place === "subject") {
      if (EXPRESSION.test(token)) at.place = "expression";
      else if (PATTERN.test(token)) at.place = "pattern";
      else at = { subject: token, predicate: null, place: "predicate" };
    } else if (at.place === "predicate") {
      at = { ...at, predicate: token, place: "object" };
    } else if (at.place === "object") {
      if (TYPE.test(at.predicate) && !/^[?$"'[(]/.test(token)) types.push([at.subject, token]);
      at.place = "done";
    }
  }

  for (const token of tokens(text)) {
    if (depth > 0) {
      depth += token === "(" ? 1 : token === ")" ? -1 : 0;
      if (depth === 0 && at.place === "expression") at = start();
      else if (depth === 0) take("()");
    } else if (token === "(") {
      depth = 1;
    } else if (token === "." || token === "{" || token === "}") {
      braces += token === "{" ? 1 : token === "}" ? -1 : 0;
      at = start();
      around = [];
    } else if (token === "[") {
      nodes += 1;
      around.push(at);
      at = { subject: `[${nodes}`, predicate: null, place: "predicate" };
    } else if (token === "]") {
      const inner = at.subject;
      at = around.pop() ?? start();
      take(inner ?? "[]");
    } else if (token === ";") {
      at.place = "predicate";
    } else if (token === ",") {
      at.place = "object";
    } else if (token === "/" || token === "|") {
      if (at.place === "object") at.place = "predicate";
    } else {
      take(token);
    }
  }
  return { ...at, place: depth > 0 ? "expression" : at.place, types };
}

/** The subject of the triple that is being written at the end of `before`; null where there is none. */
export function subjectAt(before) {
  const { subject, place } = read(before);
  return ["predicate", "object", "done"].includes(place) ? subject : null;
}

/** The classes, as written, that the query gives the subject of the triple at the end of `before`. */
export function subjectClasses(text, before) {
  const subject = subjectAt(before);
  return [...new Set(read(text).types.filter(([of]) => of === subject).map(([, type]) => type))];
}

/** What is typed at the end of `before`, and whether a class or a property belongs there: `kind` is null otherwise. */
export function wordAt(before) {
  const typed = /(?:<[^<>"{}|^`\\\s]*|[\p{L}\p{M}\p{N}_:%-]+(?:\.[\p{L}\p{M}\p{N}_:%-]+)*)?$/u.exec(before)[0];
  const rest = before.slice(0, before.length - typed.length);
  const last = [...rest.matchAll(TOKEN)].at(-1);
  const after = last ? rest.slice(last.index + last[0].length) : rest;
  const inside = last?.[0].startsWith("#") && after === "";
  if (inside || /["']|[?$@]$|\^\^$/.test(after)) return { typed, kind: null };
  const { place, predicate } = read(rest);
  if (place === "predicate") return { typed, kind: "properties" };
  const ofClass = place === "object" && (TYPE.test(predicate) || NAMES_CLASS.test(predicate));
  return { typed, kind: ofClass ? "classes" : null };
}
