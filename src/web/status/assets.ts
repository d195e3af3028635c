import type { Answer } from "../response.ts";

const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1b1f24, #e6e9ec); --muted: light-dark(#57606a, #9aa5b1); --line: light-dark(#d0d7de, #3a424b);
  --page: light-dark(#fff, #14181d); --raised: light-dark(#f3f5f7, #1e242b); --link: light-dark(#0550ae, #79b8ff);
  --good: light-dark(#116329, #56d364); --bad: light-dark(#a40e26, #ff8a80); --warn: light-dark(#7a4a00, #f0b849);
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 82rem; padding: 1rem 1.25rem 3rem; color: var(--text); background: var(--page); font: 1rem/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
nav a { margin-right: .75rem; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
#summary { font-size: 1.15rem; margin: 1rem 0 0; padding: .6rem .9rem; color: var(--text); background: var(--raised); border-left: .35rem solid var(--muted); border-radius: .25rem; }
#summary.fine { border-color: var(--good); }
#summary.late { border-color: var(--warn); }
#summary.failing { border-color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { color: var(--muted); white-space: nowrap; font-size: .9rem; }
thead [aria-sort] a { font-weight: bold; }
[aria-sort="ascending"] a::after { content: " ↑"; }
[aria-sort="descending"] a::after { content: " ↓"; }
tbody th, .repository, .error { overflow-wrap: anywhere; }
td { white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.name { white-space: normal; overflow-wrap: anywhere; min-width: 6.5rem; }
.repository { white-space: normal; min-width: 12rem; color: var(--muted); }
small { display: block; font-size: .85rem; color: var(--muted); font-variant-numeric: tabular-nums; }
tbody th { min-width: 9rem; }
tbody th:nth-child(2) { min-width: 16rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
span.state { display: inline-block; padding: 0 .45rem; border-radius: .25rem; border: 1px solid currentcolor; font-size: .9rem; white-space: nowrap; }
.fine { color: var(--good); }
.failing { color: var(--page); background: var(--bad); border-color: var(--bad); }
.damaged { color: var(--warn); }
.late { color: var(--page); background: var(--warn); border-color: var(--warn); }
span.unknown { color: var(--muted); border-style: dashed; }
.error { margin: .25rem 0 0; font-weight: normal; color: var(--bad); font-size: .95rem; }
.error i { color: var(--text); font-style: normal; }
svg { display: block; fill: var(--link); }
svg .axis { stroke: var(--line); fill: none; }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; margin-bottom: .75rem; }
input, button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--muted); border-radius: .25rem; padding: .2rem .5rem; }
input[type="search"] { width: 18rem; max-width: 100%; }
.pager { margin-top: 1rem; display: flex; gap: 1.5rem; }
@media (max-width: 48rem) {
  table, tbody, tr, tbody th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  tbody th, td, tbody th:nth-child(2) { border: 0; padding: .1rem 0; min-width: 0; text-align: left; }
  tbody th { font-weight: bold; }
  td[data-title] { display: flex; justify-content: space-between; gap: 1rem; color: var(--text); white-space: normal; }
  td[data-title]::before { content: attr(data-title); color: var(--muted); flex: none; }
  td[data-title] > span { text-align: right; overflow-wrap: anywhere; }
  input[type="search"] { width: 100%; }
}
body.lost main { opacity: .4; }
#lost { margin: 0 0 1rem; padding: .6rem 1rem; background: var(--bad); color: var(--page); border-radius: .25rem; }
footer { margin-top: 2.5rem; color: var(--muted); font-size: .9rem; }
`;

/** Replaces the content of the page with a new copy every 30 seconds, unless the user types or the tab is hidden. */
const SCRIPT = `
const INTERVAL_MS = 30_000;
let contactAt = new Date();
async function refresh() {
  if (document.hidden || document.activeElement?.matches("input")) return;
  try {
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!response.ok) return lose();
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const focused = document.activeElement?.getAttribute?.("href");
    contactAt = new Date();
    document.body.classList.remove("lost");
    document.getElementById("lost")?.remove();
    for (const name of ["main", "footer"]) document.querySelector(name).replaceWith(fresh.querySelector(name));
    document.title = fresh.title;
    if (focused) document.querySelector('a[href="' + CSS.escape(focused) + '"]')?.focus();
  } catch {
    lose();
  }
}
/** Says since when the content is old, and dims it: an open page of an agent that ended must not look fine. */
function lose() {
  document.body.classList.add("lost");
  const note = document.getElementById("lost") ?? document.createElement("p");
  note.id = "lost";
  note.setAttribute("role", "alert");
  note.textContent = "No contact with the agent since " + contactAt.toISOString().slice(0, 19).replace("T", " ") + " UTC.";
  document.body.prepend(note);
}
setInterval(refresh, INTERVAL_MS);
document.addEventListener("visibilitychange", refresh);
`;

export function stylesheet(): Answer {
  return { status: 200, type: "text/css; charset=utf-8", body: STYLE };
}

export function script(): Answer {
  return { status: 200, type: "text/javascript; charset=utf-8", body: SCRIPT };
}
