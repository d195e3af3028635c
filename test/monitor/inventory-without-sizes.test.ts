import { expect, onTestFinished, test } from "vitest";

import type { InventoryEntry } from "../../instrumentation/monitor/inventory-plan.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { tableText } from "../support/agent/table-text.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { until } from "../support/core/until.ts";
import { FaultServer } from "../support/http/fault-server.ts";
import { InventoryScene, sceneOfTwo } from "../support/inventory/inventory-scene.ts";
import { restFiles } from "../support/repository/rest-files.ts";
import { repositorySettings } from "../support/monitor/repository-settings.ts";

const HOUR = 3_600_000;

/** The files of a scene as a server has them, with packs of the right sizes. */
function filesOf({ sealed, packs }: InventoryScene): typeof sealed.files {
  const files = new Map(sealed.files);
  for (const [id, size] of packs) files.set(`data/${id}`, new Uint8Array(size));
  return files;
}

test("inventories of a REST server of version 1, which lists no sizes, fail with the class config, and the log says so once", async () => {
  const scene = sceneOfTwo();
  const files = filesOf(scene);
  const server = await FaultServer.start();
  onTestFinished(() => server.stop());
  server.answers(restFiles(files, 1));
  const logger = new ArrayLogger();
  const { clock } = scene;
  const url = `rest:${server.url}/`;
  const monitor = new Monitor(
    {
      repositories: [repositorySettings(url, "p")],
      cron: "@every 6h",
      timezone: "UTC",
      timeoutMs: 60_000,
      concurrency: 1,
      legacyLabel: false,
      retryFailed: false,
      reverifyMs: 1000 * HOUR,
      inventory: { everyMs: 24 * HOUR },
    },
    { clock, logger },
  );
  onTestFinished(() => monitor.stop());
  const entry = (): InventoryEntry | undefined => monitor.inventories.entries()[0];
  const said = (): readonly string[] => logger.texts.filter((text) => text.includes("inventory"));
  monitor.start();
  await monitor.currentCollection;
  await until("a failure", () => entry()?.error !== undefined);
  expect(entry()?.error).toMatchObject({
    code: "config",
    message: `${server.url}/ lists packs without valid sizes, which an inventory needs: a REST server must have version 2 of the protocol`,
  });
  expect(await tableText(monitor.tables, clock.now())).toMatch(/^backup_repository_up\{.*\} 1$/m);

  const first = entry();
  await clock.advance(HOUR);
  await until("another failure", () => entry() !== first);
  expect(entry()?.error).toMatchObject({ code: "config" });
  expect(said()).toHaveLength(1);
  expect(said()[0]).toMatch(/^warn inventory failed .*"error_type":"config"/);

  server.answers(restFiles(files, 2));
  await until("the waits for a collection and an inventory", () => clock.sleeping === 2);
  await clock.advance(HOUR);
  await until("an inventory", () => entry()?.inventory !== undefined);
  expect(entry()?.inventory?.counts).toMatchObject({ packs: 4, missingPacks: 0, damagedPacks: 0 });
  expect(said()).toHaveLength(2);
  expect(said()[1]).toMatch(/^info inventory recovered /);
});
