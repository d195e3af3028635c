import { html, Html } from "../html.ts";
import { parseIsoTime } from "./iso-time.ts";
import { linkTo } from "./query.ts";
import type { Query } from "./query.ts";
import { relative, span } from "./quantity.ts";
import type { RepositoryHealth, RepositoryStatus } from "./status.ts";

const WORDS: Readonly<Record<RepositoryHealth, string>> = {
  failing: "failing",
  damaged: "damaged",
  unknown: "not read yet",
  fine: "fine",
};

/** Those that need somebody first. */
const ORDER: readonly RepositoryHealth[] = ["failing", "damaged", "unknown", "fine"];

export function repositoryTable(
  repositories: readonly RepositoryStatus[],
  query: Query,
  now: number,
): Html {
  const ordered = repositories.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.url < b.url ? -1 : 1),
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="repositories">
    <table>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Repository</th>
          <th scope="col">Last success</th>
          <th scope="col" class="number">Snapshots</th>
          <th scope="col" class="number">Unreadable</th>
          <th scope="col" class="number">Took</th>
          <th scope="col" class="number">Requests</th>
        </tr>
      </thead>
      <tbody>
        ${ordered.map((repository) => row(repository, query, now))}
      </tbody>
    </table>
  </div>`;
}

function row(repository: RepositoryStatus, query: Query, now: number): Html {
  const { url, state, error, lastSuccess, snapshots, unreadableSnapshots } = repository;
  const { durationSeconds, requests } = repository;
  return html`<tr>
    <td><span class="state ${state}">${WORDS[state]}</span></td>
    <th scope="row">
      <a href="${linkTo(query, { url, host: undefined, user: undefined })}">${url}</a
      >${error ? explanation(repository, now) : ""}
    </th>
    <td>${lastSuccess === null ? "never" : ago(lastSuccess, now)}</td>
    <td class="number">${snapshots ?? "–"}</td>
    <td class="number">${unreadableSnapshots ?? "–"}</td>
    <td class="number">${durationSeconds === null ? "–" : span(durationSeconds)}</td>
    <td class="number">${requests ?? "–"}</td>
  </tr> `;
}

function explanation({ error, failingSince }: RepositoryStatus, now: number): Html {
  if (!error) return html``;
  const since =
    failingSince === null ? "" : html` for ${span((now - parseIsoTime(failingSince)) / 1000)}`;
  return html`<p class="error">
    <b>${error.type}</b>${since}: ${error.message}. <i>${error.mend}</i>
  </p>`;
}

export function ago(time: string, now: number): Html {
  return html`<time datetime="${time}" title="${time.slice(0, 19).replace("T", " ")} UTC"
    >${relative((now - parseIsoTime(time)) / 1000)}</time
  >`;
}
