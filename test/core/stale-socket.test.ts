import { once } from "node:events";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { isStaleSocket } from "../../instrumentation/core/stale-socket.ts";

test("a socket file is stale when nothing listens on it any more", async () => {
  const folder = await mkdtemp(join(tmpdir(), "stale-socket-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "socket");
  const server = createServer().listen(join(folder, "first"));
  await once(server, "listening");
  // Closing the server removes the file that it made, and not this one.
  await rename(join(folder, "first"), path);
  expect(await isStaleSocket(path)).toBe(false);
  server.close();
  await once(server, "close");
  expect(await isStaleSocket(path)).toBe(true);
  expect(await isStaleSocket(join(folder, "missing"))).toBe(false);
});
