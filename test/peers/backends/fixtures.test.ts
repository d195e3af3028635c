import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { requirePeer } from "../../support/agent/peers.ts";
import { restic } from "../../support/repository/restic-cli.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures");
const EXAMPLES = join(import.meta.dirname, "../../../examples/repositories");

async function snapshots(repo: string, password: string): Promise<unknown> {
  return JSON.parse(await restic(["snapshots", "--json", "--no-lock"], { repo, password }));
}

describe.skipIf(requirePeer("restic") === undefined)("restic reads the sample repository", () => {
  test.for([
    ["v1", "correct horse"],
    ["v2", "pässwörd ✓"],
    ["upgraded", "correct horse"],
    ["two-keys", "first password"],
    ["two-keys", "second password"],
  ] as const)("%s with the password %s", async ([name, password]) => {
    const repo = join(FIXTURES, name);
    expect(await snapshots(repo, password)).toEqual(
      JSON.parse(await readFile(`${repo}.snapshots.json`, "utf8")),
    );
    expect(await restic(["check", "--read-data", "--no-lock"], { repo, password })).toContain(
      "no errors were found",
    );
  });

  test.for([
    ["web", 18],
    ["database", 7],
    ["nas", 3],
    ["laptop", 1],
  ] as const)("%s with %i snapshots", async ([name, count]) => {
    expect(await snapshots(join(EXAMPLES, name), `${name}-password`)).toHaveLength(count);
  });
});
