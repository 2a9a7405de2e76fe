// Offers related rows while one types. Without this file the button "Find" does the same.
"use strict";

const PAUSE_MS = 200;

function start(input) {
  const rows = document.getElementById(input.getAttribute("list"));
  const { address, search, key, label, ordered } = input.dataset;
  let timer = 0;
  let asked = new AbortController();

  async function ask() {
    const text = input.value.trim();
    asked.abort();
    if (text === "" || [...rows.options].some((option) => option.value === text)) {
      return;
    }
    asked = new AbortController();
    try {
      // What begins with the text is found by an index; what holds it, row by row.
      const begins = ordered ? await read({ [`${label}__gte`]: text, [`${label}__lt`]: `${text}\u{10ffff}`, sort: label }) : [];
      show(begins.length > 0 ? begins : await read({ [search]: text }), text);
    } catch (error) {
      // The next letter asks again.
    }
  }

  async function read(parameters) {
    const url = `${address}&${new URLSearchParams(parameters)}`;
    const answer = await fetch(url, { headers: { Accept: "application/json" }, signal: asked.signal });
    return answer.ok ? (await answer.json()).items : [];
  }

  function show(items, text) {
    rows.replaceChildren(
      ...items.map((item) => {
        const option = document.createElement("option");
        option.value = item[key];
        // A browser shows only what holds the text that was typed.
        option.label = String(item[label]);
        option.textContent = option.label;
        return option;
      }),
    );
    rows.dataset.text = text;
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
}

document.querySelectorAll("input[data-address]").forEach(start);
// After a refusal the first field that needs another look is where one types.
document.querySelectorAll("[aria-invalid]").forEach((field, place) => {
  if (place === 0) {
    field.focus();
  }
});
