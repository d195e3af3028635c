import { createHash } from "node:crypto";

import type { Answer } from "./answer.ts";

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 38rem; margin: 12vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0; }
h1 small { font-weight: normal; font-size: 1rem; opacity: .7; }
ul { list-style: none; padding: 0; border-top: 1px solid #8886; }
li { display: grid; grid-template-columns: 9rem 1fr; padding: .6rem 0; border-bottom: 1px solid #8886; }
a { color: light-dark(#0550ae, #79b8ff); }
`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** A page with the way to everything that is served. */
export function homePage(version: string): Answer {
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>restic-otel</title>
<style>${STYLE}</style>
<h1>restic-otel <small>${escapeHtml(version)}</small></h1>
<p>Tells from the repository's side whether every restic backup is alive.</p>
<ul>
<li><a href="/metrics">/metrics</a> <span>for Prometheus</span></li>
<li><a href="/-/healthy">/-/healthy</a> <span>the agent runs</span></li>
<li><a href="/-/ready">/-/ready</a> <span>metrics can be scraped</span></li>
</ul>
</html>
`;
  return {
    status: 200,
    type: "text/html; charset=utf-8",
    body,
    headers: {
      "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
  };
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
