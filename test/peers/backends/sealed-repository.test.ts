import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { PASSWORD, writeRepository } from "../../bench/repositories.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { restic } from "../../support/repository/restic-cli.ts";

test.skipIf(!requirePeer("restic"))(
  "restic reads repositories written by the test support",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "sealed-"));
    try {
      writeRepository(folder, 5, 2);
      const listed: unknown = JSON.parse(
        await restic(["snapshots", "--json", "--no-lock"], { repo: folder, password: PASSWORD }),
      );
      expect(listed).toHaveLength(5);
      expect(listed).toMatchObject([
        { hostname: "host-0" },
        { hostname: "host-1" },
        { hostname: "host-0" },
        { hostname: "host-1" },
        { hostname: "host-0" },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
