// Values that a field can have, offered while somebody types. Without this a field is a field.

const WAIT = 150;

function shown(row, language) {
  const label = row.label?.[language] ?? row.label?.ko ?? row.label?.en ?? Object.values(row.label ?? {})[0] ?? "";
  const count = row.count == null ? "" : row.count.toLocaleString(language);
  return [label === row.value ? "" : label, count].filter(Boolean).join(" · ");
}

function option(row, language) {
  const made = document.createElement("option");
  made.value = row.value;
  // A browser shows the label beside the value, or below it.
  const label = shown(row, language);
  if (label) made.label = label;
  return made;
}

function attend(field) {
  const list = field.list;
  const page = document.documentElement.lang;
  let waiting;
  let asked;

  async function look() {
    asked?.abort();
    asked = new AbortController();
    const parameters = new URLSearchParams({ q: field.value.trim(), limit: "20" });
    try {
      const answer = await fetch(`${field.dataset.values}?${parameters}`, {
        headers: { Accept: "application/json" },
        signal: asked.signal,
      });
      if (!answer.ok) return;
      const { values } = await answer.json();
      list.replaceChildren(...values.map((row) => option(row, page)));
    } catch {
      // Another letter was typed, or the network is away: whatever is typed can still be sent.
    }
  }

  // A Hangul syllable under composition is looked up too: "input" comes for every part of it.
  field.addEventListener("input", (event) => {
    if (event.inputType === "insertReplacementText" || event.inputType === undefined) return;
    clearTimeout(waiting);
    waiting = setTimeout(look, WAIT);
  });
  field.addEventListener("focus", () => {
    if (!list.children.length) look();
  });
  if (document.activeElement === field) look();
}

for (const field of document.querySelectorAll("input[data-values]")) attend(field);
