import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { expectedSets } from "../../support/repository/expected-sets.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { startRestServer } from "../../support/stores/rest-server.ts";
import type { Samples } from "../../support/agent/samples.ts";
import type { Server } from "../../support/http/server.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures");
const REPOSITORIES = [
  ["v1", "correct horse"],
  ["v2", "pässwörd ✓"],
  ["upgraded", "correct horse"],
  ["two-keys", "second password"],
] as const;

describe.skipIf(!requirePeer("rest-server"))(
  "the metrics of repositories written by restic",
  () => {
    let server: Server;
    let agent: RunningAgent;
    let samples: Samples;

    beforeAll(async () => {
      server = await startRestServer({ path: FIXTURES });
      agent = await startAgent(
        REPOSITORIES.flatMap(([name, password]) => [
          { repo: join(FIXTURES, name), password },
          { repo: `rest:${server.url}/${name}`, password },
        ]),
      );
      samples = await agent.collect();
    });

    afterAll(async () => {
      await agent.stop();
      await server.stop();
    });

    test.for(REPOSITORIES)("%s: agree with `restic snapshots --json`", async ([name]) => {
      const expected = await expectedSets(name);
      expect(samples.sets(join(FIXTURES, name))).toEqual(expected);
      expect(samples.sets(`rest:${server.url}/${name}`)).toEqual(expected);
    });

    test("days_age is the number of whole days since the newest snapshot", () => {
      const ages = samples.of("backup_days_age");
      expect(ages).toHaveLength(samples.of("backup_snapshot_count").length);
      for (const { labels, value } of ages) {
        const newest = samples.value("backup_newest_timestamp", labels) ?? Number.NaN;
        expect(value).toBe(Math.trunc((Date.now() / 1000 - newest) / 86_400));
      }
    });

    test("a second collection by a signal lists snapshots and keys and reads config: no snapshot, and no key derivation", async () => {
      const later = await agent.collect();
      for (const { labels, value } of samples.of("backup_repository_requests_total")) {
        const cost = (later.value("backup_repository_requests_total", labels) ?? 0) - value;
        expect({ labels, cost }).toEqual({ labels, cost: labels["operation"] === "list" ? 2 : 1 });
      }
      const derivations = "backup_repository_key_derivations_total";
      expect(later.of(derivations)).toEqual(samples.of(derivations));
    });
  },
);
