// Titles while somebody types in the search box. Without this the box is a box.

const box = document.getElementById("q");
const titles = document.getElementById("titles");
let waiting;
let asked;

async function suggest() {
  const typed = box.value.trim();
  asked?.abort();
  if (typed.length < 2 || /[*"()|:]/.test(typed)) return;
  asked = new AbortController();
  try {
    const parameters = new URLSearchParams({ q: `${typed}*`, limit: "8", facets: "0" });
    const answer = await fetch(`${box.dataset.search}?${parameters}`, { signal: asked.signal });
    if (!answer.ok) return;
    const { hits } = await answer.json();
    const found = [...new Set(hits.map((hit) => hit.title))].filter((title) => title !== typed);
    titles.replaceChildren(...found.map((title) => Object.assign(document.createElement("option"), { value: title })));
  } catch {
    // Another letter was typed, or the network is away: the box still searches.
  }
}

box.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(suggest, 150);
});

// On a narrow screen what narrows down comes after the results, closed.
if (matchMedia("(max-width: 60rem)").matches) {
  for (const facet of document.querySelectorAll(".facet")) facet.open = false;
}
