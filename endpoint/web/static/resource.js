// Lists of what points to a resource are loaded into its page when they are opened. Without this script the
// same links lead to the page with the list in it.

async function load(details, href) {
  const answer = await fetch(href, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = page.getElementById("listing");
  if (list === null) throw new Error("no list");
  list.removeAttribute("id");
  details.querySelectorAll(":scope > :not(summary)").forEach((part) => part.remove());
  details.append(list);
  details.dataset.loaded = "yes";
  return list;
}

async function show(details, href, focus) {
  details.setAttribute("aria-busy", "true");
  try {
    const list = await load(details, href);
    if (focus) list.focus();
  } catch {
    location.assign(href);
  } finally {
    details.removeAttribute("aria-busy");
  }
}

for (const details of document.querySelectorAll("details.inverse")) {
  if (details.open) details.dataset.loaded = "yes";
  details.addEventListener("toggle", () => {
    if (details.open && !details.dataset.loaded) show(details, details.dataset.href, false);
  });
  details.addEventListener("click", (event) => {
    const link = event.target.closest(".load, .pager a");
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(details, link.href, true);
  });
}
