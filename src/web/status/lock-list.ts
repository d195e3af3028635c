import { html } from "../html.ts";
import type { Html } from "../html.ts";
import type { LocksStatus, LockStatus } from "./lock-status.ts";
import { counted, relative } from "./quantity.ts";
import { clockTime, parseTime } from "./time.ts";

/** Locks that are shown; `/api/status` has all. */
const MAX_SHOWN = 10;

/** Who holds a lock of a repository; empty: no process does, and nothing is wrong with the locks. */
export function lockList(locks: LocksStatus | null, now: number): Html {
  if (!locks) return html``;
  const { holders, unreadable, problem } = locks;
  const rest = holders.length - MAX_SHOWN;
  const items = [
    ...(problem === null ? [] : [html`locks not read: ${problem}`]),
    ...(unreadable ? [html`${counted(unreadable, "unreadable lock", "unreadable locks")}`] : []),
    ...holders.slice(0, MAX_SHOWN).map((holder) => item(holder, now)),
    ...(rest > 0 ? [html`${counted(rest, "more lock", "more locks")}`] : []),
  ];
  if (items.length === 0) return html``;
  return html`<ul class="locks">
    ${items.map((one) => html`<li>${one}</li>`)}
  </ul>`;
}

function item({ kind, host, user, pid, since, stale }: LockStatus, now: number): Html {
  const who = user === "" ? host : html`${user} on ${host}`;
  return html`${stale ? html`<span class="state late">stale</span> ` : ""}${kind} lock of ${who},
    pid ${pid}, first seen
    <time datetime="${since}">${clockTime(since)}</time>
    (${relative((now - parseTime(since)) / 1000)})`;
}
