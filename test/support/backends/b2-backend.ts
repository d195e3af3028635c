import { openB2 } from "../../../instrumentation/backends/b2/b2.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { contextOf } from "./backend-context.ts";
import type { ContextOptions } from "./backend-context.ts";
import { FakeB2 } from "./fake-b2.ts";
import { FaultServer } from "../http/fault-server.ts";

interface B2Options extends ContextOptions {
  readonly idleMs?: number;
}

/** The backend of a `b2:` repository string, without retries. */
export function openB2At(repo: string, { idleMs, ...options }: B2Options): Promise<Backend> {
  const location = parseLocation(repo);
  if (location.scheme !== "b2") throw new Error(`${repo} is not a B2 location`);
  return openB2(location, contextOf("b2", options), idleMs);
}

/** A server with a FakeB2, whose repository at `repo` has only a config. */
export async function startB2(): Promise<{ readonly server: FaultServer; readonly b2: FakeB2 }> {
  const server = await FaultServer.start();
  const b2 = new FakeB2(() => server.url);
  b2.files = new Map([["repo/config", Buffer.from("c")]]);
  server.answers(b2.serve);
  return { server, b2 };
}
