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

const TOKEN = /<[^<>"{}|^`\\\s]*>|"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*|[?$][\p{L}\p{N}_]+|[\p{L}\p{N}_.-]*:(?:[\p{L}\p{N}_%:-]|\.(?=[\p{L}\p{N}_]))*|\p{L}+|[{}.;,()[\]]/gu;

function tokens(text) {
  return (text.match(TOKEN) ?? []).filter((token) => !token.startsWith("#"));
}

/** The subject of the triple that is being written at the end of `before`; null where there is none. */
export function subjectAt(before) {
  const written = tokens(before);
  let subject = null;
  let fresh = true;
  let depth = 0;
  for (const token of written) {
    if (token === "(" || token === "[") depth += 1;
    else if (token === ")" || token === "]") depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (token === "." || token === "{" || token === "}") fresh = true;
    else if (fresh) {
      subject = token;
      fresh = false;
    }
  }
  return fresh ? null : subject;
}

/** The classes, as written, that the query gives the subject of the triple at the end of `before`. */
export function subjectClasses(text, before) {
  const subject = subjectAt(before);
  if (subject === null) return [];
  const found = new Set();
  let current = null;
  let fresh = true;
  let place = 0;
  let predicate = null;
  for (const token of tokens(text)) {
    if (token === "." || token === "{" || token === "}") {
      fresh = true;
    } else if (fresh) {
      current = token;
      fresh = false;
      place = 0;
    } else if (token === ";") {
      place = 0;
    } else if (token === ",") {
      place = 1;
    } else if (place === 0) {
      predicate = token;
      place = 1;
    } else {
      const typed = predicate === "a" || predicate === "rdf:type";
      if (current === subject && typed && !/^[?$"']/.test(token)) found.add(token);
      place = 2;
    }
  }
  return [...found];
}
