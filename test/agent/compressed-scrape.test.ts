import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import { output, ROOT } from "../support/agent/packed.ts";
import { requireHttpClients } from "../support/agent/peers.ts";

/** Prints a gzip body after a check that its first member is the whole body. */
const PYTHON = `
import sys, urllib.request, zlib
request = urllib.request.Request(sys.argv[1], headers={"Accept-Encoding": "gzip"})
response = urllib.request.urlopen(request)
assert response.headers["Content-Encoding"] == "gzip"
stream = zlib.decompressobj(47)
sys.stdout.buffer.write(stream.decompress(response.read()))
assert stream.eof and stream.unused_data == b""
`;

const CLIENTS = [
  ["curl --compressed", "curl", ["--silent", "--show-error", "--fail", "--compressed"]],
  ["wget --compression=auto", "wget", ["--quiet", "--output-document=-", "--compression=auto"]],
  ["Python's zlib.decompressobj(47)", "python3", ["-c", PYTHON]],
] as const;

/** Names and labels of all samples; the values of a process change from scrape to scrape. */
function seriesOf(text: string): readonly string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (line.startsWith("#") ? line : line.slice(0, line.lastIndexOf(" "))));
}

test.skipIf(!requireHttpClients()).for(CLIENTS)(
  "%s reads the whole compressed page",
  async ([, program, args]) => {
    const repositories = ["web", "nas"].map((name) => ({
      repo: join(ROOT, "examples/repositories", name),
      password: `${name}-password`,
    }));
    const agent = await startAgent({ repositories });
    onTestFinished(() => agent.stop());
    const { text } = await agent.collect();
    const read = await output(program, [...args, `${agent.url}/metrics`], ROOT);
    expect(seriesOf(read).length).toBeGreaterThan(150);
    expect(seriesOf(read)).toEqual(seriesOf(text));
  },
);
