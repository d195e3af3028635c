import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { MAX_SIZE_BYTES } from "../../../instrumentation/backends/backend.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import type { ContextOptions } from "./backend-context.ts";
import { failureOf } from "../core/failure.ts";
import {
  FaultServer,
  answer,
  close,
  hang,
  loginPage,
  reset,
  status,
} from "../http/fault-server.ts";
import type { Fault } from "../http/fault-server.ts";

const TLS = join(import.meta.dirname, "../../fixtures/tls");
const { signal } = new AbortController();

/** How to open the backend of a protocol at a server of the test. */
export interface FaultyPlace {
  /** Opens a backend without retries at a server. */
  readonly open: (
    server: Pick<FaultServer, "url">,
    options: Pick<ContextOptions, "environment" | "requestTimeoutMs"> & {
      /** Maximum silence within a body. */
      readonly idleMs?: number;
    },
  ) => Promise<Backend>;
  /** Good responses to the requests that the protocol makes first. */
  readonly prelude?: (server: Pick<FaultServer, "url">) => readonly Fault[];
  /** A part of every failure message, besides the host. */
  readonly names: string;
  /** Parts of logins, which no message may contain. */
  readonly secrets: readonly string[];
  /** The class of a 404 to a listing; a 404 to a file is always `not_found`. */
  readonly missingListing: "other" | "not_found" | "transient not_found";
}

/** The failures of a server and their classes. Each HTTP backend calls it once. */
export function faultSuite(
  name: string,
  { open, prelude = () => [], names, secrets, missingListing }: FaultyPlace,
): void {
  describe(`${name}, with a failing server:`, () => {
    let server: FaultServer;
    let backend: Backend;

    beforeEach(async () => {
      server = await FaultServer.start();
      backend = await open(server, {});
    });

    afterEach(() => server.stop());

    const list = (): Promise<unknown> => backend.list("keys", undefined, signal);
    const load = (): Promise<unknown> => backend.load("config", "", signal);

    /** The class of a failure, after `transient` if it is; checks its message. */
    async function classOf(
      call: () => Promise<unknown>,
      ...faults: readonly Fault[]
    ): Promise<string> {
      server.answers(...prelude(server), ...faults);
      const failure = await failureOf(call());
      const [, found = "", message = ""] = /^((?:transient )?\w+): (.*)$/s.exec(failure) ?? [];
      expect(message).toContain(`127.0.0.1:${server.port}`);
      for (const secret of secrets) expect(failure).not.toContain(secret);
      return found;
    }

    test.for([
      ["401", [status(401)], "denied"],
      ["403", [status(403)], "denied"],
      ["400", [status(400)], "other"],
      ["429", [status(429)], "transient unreachable"],
      ["500", [status(500)], "transient unreachable"],
      ["503", [status(503)], "transient unreachable"],
      ["a reset before the response", [reset("before headers")], "transient unreachable"],
      ["a reset during the response", [reset("mid body")], "transient unreachable"],
      ["half a response", [close("mid body")], "transient unreachable"],
    ] as const)("%s is classified", async ([, faults, expected]) => {
      expect(await classOf(list, ...faults)).toBe(expected);
      backend = await open(server, {});
      expect(await classOf(load, ...faults)).toBe(expected);
    });

    test("messages name the location", async () => {
      server.answers(...prelude(server), status(403));
      const failure = await failureOf(list());
      expect(failure).toContain(names);
      expect(failure).toContain("keys/");
    });

    test.for([429, 503])("Retry-After of %i is kept", async (code) => {
      server.answers(...prelude(server), status(code, { "retry-after": "7" }));
      await expect(list()).rejects.toMatchObject({ retryAfterMs: 7000 });
    });

    test("404 is classified", async () => {
      expect(await classOf(list, status(404))).toBe(missingListing);
      backend = await open(server, {});
      expect(await classOf(load, status(404))).toBe("not_found");
    });

    test("a silent server times out", async () => {
      backend = await open(server, { requestTimeoutMs: 1000 });
      expect(await classOf(list, hang("before headers"))).toBe("transient timeout");
      backend = await open(server, { idleMs: 1000 });
      expect(await classOf(list, hang("mid body"))).toBe("transient timeout");
    });

    test("a login page is not a listing", async () => {
      expect(await classOf(list, loginPage)).toBe("other");
    });

    test.for(["", "\uFEFF", "{}", "[", "<html/>"])("200 with %j is not a listing", async (body) => {
      expect(await classOf(list, answer(body, "application/json"))).toBe("other");
    });

    test("501 lasts", async () => {
      expect(await classOf(list, status(501))).toBe("other");
    });

    test("a file that exceeds its bound is corrupt", async () => {
      expect(await classOf(load, answer(Buffer.alloc(MAX_SIZE_BYTES.config + 1)))).toBe("corrupt");
    });

    test("an aborted call rejects with the reason of the signal", async () => {
      const reason = new Error("given up");
      const abort = new AbortController();
      server.answers(...prelude(server), (request, response) => {
        hang("mid body")(request, response);
        setImmediate(() => abort.abort(reason));
      });
      await expect(backend.load("config", "", abort.signal)).rejects.toBe(reason);
    });

    test("a closed port is unreachable", async () => {
      await server.stop();
      expect(await failureOf(load())).toMatch(
        /^transient unreachable: .*127\.0\.0\.1:\d+ refuses the connection$/,
      );
      server = await FaultServer.start();
    });

    test("a certificate of an unknown CA is rejected, one of RESTIC_CACERT accepted", async () => {
      const pem = await readFile(join(TLS, "server.pem"), "utf8");
      const secure = await FaultServer.start({ tls: { pem } });
      secure.answers(...prelude(secure), answer("c"));
      const other = { RESTIC_CACERT: join(TLS, "other-ca.pem") };
      const refused = await failureOf(
        (await open(secure, { environment: other })).load("config", "", signal),
      );
      expect(refused).toMatch(/^unreachable: .*TLS with 127\.0\.0\.1:\d+ failed: /);
      const right = { RESTIC_CACERT: join(TLS, "ca.pem") };
      expect(
        await (await open(secure, { environment: right })).load("config", "", signal),
      ).toHaveLength(1);
      await secure.stop();
    });
  });
}
