import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { ResticInstrumentation } from "../../instrumentation/index.ts";
import { until } from "../support/core/until.ts";

test("snapshots are kept in the state folder for the next start", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "state-"));
  onTestFinished(() => rm(stateDir, { recursive: true }));
  const loads: (number | undefined)[] = [];
  for (let start = 0; start < 2; start++) {
    const repositories = [{ repo: "examples/repositories/web", password: "web-password" }];
    const restic = new ResticInstrumentation({ repositories, stateDir });
    restic.enable();
    await until("a collection", () => restic.state()[0]?.state?.content !== undefined);
    loads.push(restic.state()[0]?.state?.cost.load.requests);
    restic.disable();
    // The lock is a socket in the folder.
    await until("the end", async () => !(await readdir(stateDir)).includes("lock"));
  }
  // The second start reads only config: the folder has the key.
  expect(loads).toEqual([20, 1]);
});
