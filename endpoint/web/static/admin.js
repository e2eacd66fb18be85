// The operator's page is fetched anew and its live part replaced, as long as the reader wants that and sees it.
const interval = 2000;
const box = document.getElementById("refresh");

function busy(live) {
  const selection = document.getSelection();
  const selecting = selection && !selection.isCollapsed && live.contains(selection.anchorNode);
  return document.hidden || !box.checked || selecting || live.contains(document.activeElement);
}

async function refresh() {
  const live = document.getElementById("live");
  if (!busy(live)) {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const made = page.getElementById("live");
      // The reader may have begun to use it meanwhile.
      if (made && !busy(live)) live.replaceWith(made);
    }
  }
}

async function watch() {
  for (;;) {
    await new Promise((done) => setTimeout(done, interval));
    await refresh().catch(() => {});
  }
}

watch();
