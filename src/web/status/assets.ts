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
#summary { text-wrap: pretty; font-size: 1.15rem; margin: 1rem 0 0; padding: .6rem .9rem; color: var(--text); background: var(--raised); border-left: .35rem solid var(--muted); border-radius: .25rem; }
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
tbody th, .repository, .host, .error { overflow-wrap: anywhere; }
td { white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.name { white-space: normal; overflow-wrap: anywhere; min-width: 6.5rem; }
.repository { white-space: normal; min-width: 9rem; color: var(--muted); }
.states, .host, .why { white-space: normal; }
small { display: block; font-size: .85rem; color: var(--muted); font-variant-numeric: tabular-nums; }
small.met { max-width: 18rem; white-space: normal; overflow-wrap: anywhere; }
.sets tbody th, .expectations .host { min-width: 6rem; }
.why { min-width: 12rem; overflow-wrap: anywhere; }
.repositories tbody th { min-width: 16rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
span.state { display: inline-block; margin-right: .25rem; padding: 0 .45rem; border-radius: .25rem; border: 1px solid currentcolor; font-size: .9rem; white-space: nowrap; }
.fine, .ok { color: var(--good); }
.failing { color: var(--page); background: var(--bad); border-color: var(--bad); }
.damaged, .empty { color: var(--warn); }
.late, .future { color: var(--page); background: var(--warn); border-color: var(--warn); }
.retired, .old { color: var(--muted); }
details { margin-top: .75rem; }
summary { cursor: pointer; }
span.unknown { color: var(--muted); border-style: dashed; }
.error { margin: .25rem 0 0; font-weight: normal; color: var(--bad); font-size: .95rem; }
.locks { font-weight: normal; margin: .25rem 0 0; padding: 0; list-style: none; color: var(--muted); font-size: .95rem; overflow-wrap: anywhere; }
.error i { color: var(--text); font-style: normal; }
svg { display: block; fill: var(--link); }
svg .axis { stroke: var(--line); fill: none; }
svg .gap { fill: var(--bad); }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; margin-bottom: .75rem; }
input, button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--muted); border-radius: .25rem; padding: .2rem .5rem; }
label { display: flex; flex: 0 1 22rem; gap: .5rem; align-items: baseline; }
input[type="search"] { flex: 1; min-width: 0; }
.pager { margin-top: 1rem; display: flex; gap: 1.5rem; }
@media (max-width: 75rem) {
  .sets .detail, .repositories .detail { display: none; }
}
@media (max-width: 55rem) {
  table, tbody, tr, tbody th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  tbody th, td { border: 0; padding: 0; text-align: left; }
  .sets tbody th, .repositories tbody th, .name, .repository, .expectations .host { min-width: 0; }
  tbody th { font-weight: bold; }
  td[data-title="Last success"]::before, td.number::before { content: attr(data-title) " "; color: var(--muted); }
  .repositories tr { line-height: 1.6; }
  .repositories td { display: inline; white-space: normal; margin-right: .75rem; }
  .repositories td:first-child { float: left; line-height: 1.4; }
  .repositories .error { clear: left; line-height: 1.45; }
  .sets tr, .expectations tr { display: flex; flex-wrap: wrap; align-items: center; column-gap: .5rem; }
  .sets th, .sets td, .expectations th, .expectations td { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; flex: none; }
  /* A set has three lines: host, user, state; newest, calendar, snapshots; repository. Long names are cut, the link shows them whole. */
  .sets tr::before { content: ""; order: 4; flex-basis: 100%; }
  .sets th { order: 1; max-width: 55%; }
  .sets .name { order: 2; flex: 1 1 0; }
  .sets .states { order: 3; }
  .sets .newest { order: 5; flex: 1 1 0; }
  .sets .calendar { order: 6; }
  .sets .count { order: 7; }
  /* The end of a URL tells more than its start. */
  .sets .repository { order: 8; flex-basis: 100%; direction: rtl; }
  .sets .repository span { direction: ltr; unicode-bidi: isolate; }
  .sets svg { width: 100px; height: auto; }
  /* An expectation has three lines: name, state; host, user, newest; reason. */
  .expectations tr::before { content: ""; order: 3; flex-basis: 100%; }
  .expectations th { order: 1; flex: 1 1 0; min-width: 0; }
  .expectations .states { order: 2; }
  .expectations .host { order: 4; max-width: 55%; }
  .expectations .name { order: 5; flex: 1 1 0; }
  .expectations .newest { order: 6; }
  .expectations .why { order: 7; flex-basis: 100%; }
  td small { display: none; }
  label { flex: 1 1 12rem; }
}
body.lost main { opacity: .4; }
#lost { margin: 0 0 1rem; padding: .6rem 1rem; background: var(--bad); color: var(--page); border-radius: .25rem; }
footer { margin-top: 2.5rem; color: var(--muted); font-size: .9rem; }
`;

/**
 * Replaces the live parts of the page with those of a new copy every 30 seconds, unless the tab is hidden. The form is not one of them, so
 * that the user can go on typing.
 */
const SCRIPT = `
const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 20_000;
let contactAt = new Date();
const partsOf = (page) => [...page.querySelectorAll("[data-live]")];
async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch(location.href, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return lose();
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const parts = partsOf(document);
    const freshParts = partsOf(fresh);
    // A proxy or a login page has answered.
    if (freshParts.length !== parts.length) return lose();
    const focused = document.activeElement?.getAttribute?.("href");
    contactAt = new Date();
    document.body.classList.remove("lost");
    document.getElementById("lost")?.remove();
    parts.forEach((part, index) => {
      for (const { id } of part.querySelectorAll("details[open]")) freshParts[index].querySelector("#" + id)?.setAttribute("open", "");
      part.replaceWith(freshParts[index]);
    });
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
