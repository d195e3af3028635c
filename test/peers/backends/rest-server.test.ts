import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { failureOf } from "../../support/core/failure.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { openRestAt } from "../../support/backends/rest-backend.ts";
import { startRestServer } from "../../support/stores/rest-server.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";
import type { Server } from "../../support/http/server.ts";

const TLS = join(import.meta.dirname, "../../fixtures/tls");
const { signal } = new AbortController();

/** The user `hashed` as written by Apache's htpasswd -B, `digested` as by -s. */
const HTPASSWD = [
  "hashed:$2b$04$kOVmZfqxBj4TePKSo0paQ.MWd.D2dpyr7voIWVAA8VJo3QoZP/jqG",
  `digested:{SHA}${createHash("sha1").update("sha pass").digest("base64")}`,
  "",
].join("\n");
const BCRYPT_LOGIN = "hashed:bcrypt%20pass@";

describe.skipIf(!requirePeer("rest-server"))("rest-server", () => {
  let root: string;
  let password: string;
  let servers: Server[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "rest-server-"));
    password = join(root, ".htpasswd");
    await writeFile(password, HTPASSWD);
    await mkdir(join(root, "hashed"));
  });

  afterAll(async () => {
    for (const server of servers) await server.stop();
    await rm(root, { recursive: true });
  });

  async function start(args: readonly string[]): Promise<Server> {
    const server = await startRestServer({ path: root, args });
    servers.push(server);
    return server;
  }

  interface Mode {
    readonly args?: () => readonly string[];
    /** User and password as in a URL, with the @. */
    readonly login?: string;
    /** Folder of the user, with a trailing slash. */
    readonly below?: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly credentials?: readonly string[];
  }

  const modes: Readonly<Record<string, Mode>> = {
    "rest-server without logins": {},
    "rest-server, login with bcrypt": {
      args: () => ["--htpasswd-file", password],
      login: BCRYPT_LOGIN,
      credentials: ["bcrypt pass", "bcrypt%20pass"],
    },
    "rest-server, login with SHA from the environment": {
      args: () => ["--htpasswd-file", password],
      environment: { RESTIC_REST_USERNAME: "digested", RESTIC_REST_PASSWORD: "sha pass" },
      credentials: ["sha pass"],
    },
    "rest-server --private-repos": {
      args: () => ["--htpasswd-file", password, "--private-repos"],
      login: BCRYPT_LOGIN,
      below: "hashed/",
    },
    "rest-server --tls": {
      args: () => {
        const pem = join(TLS, "server.pem");
        return ["--tls", "--tls-cert", pem, "--tls-key", pem];
      },
      environment: { RESTIC_CACERT: join(TLS, "ca.pem") },
    },
    "rest-server --append-only": { args: () => ["--append-only"] },
    "rest-server on a unix socket": { args: () => ["--listen", `unix:${join(root, "socket")}`] },
  };

  for (const [name, mode] of Object.entries(modes)) {
    const { args, login = "", below = "", environment = {}, credentials = [] } = mode;
    let server: Promise<Server> | undefined;

    const open = async (files: RepositoryFiles): Promise<Backend> => {
      server ??= start(args?.() ?? []);
      const folder = await mkdtemp(join(root, below, "repository-"));
      await repositoryFolder(files, folder);
      const address = `${(await server).url}/${below}${basename(folder)}`;
      return openRestAt(`rest:${address.replace("//", `//${login}`)}`, { environment });
    };

    backendSuite(name, open, { credentials });
  }

  describe("denies access", () => {
    let url: string;

    beforeAll(async () => {
      ({ url } = await start(["--htpasswd-file", password, "--private-repos"]));
    });

    test.for([
      ["with a wrong password", "hashed:wrong@", "hashed"],
      ["without a login", "", "hashed"],
      ["to the folder of another user", BCRYPT_LOGIN, "digested"],
    ] as const)("%s", async ([, login, folder]) => {
      const backend = await openRestAt(`rest:${url.replace("//", `//${login}`)}/${folder}`);
      const place = `${url}/${folder}/`;
      expect(await failureOf(backend.load("config", "", signal))).toBe(
        `denied: ${place}config: access denied (401)`,
      );
      expect(await failureOf(backend.list("keys", undefined, signal))).toBe(
        `denied: ${place}keys/: access denied (401)`,
      );
    });
  });

  test("a missing repository is reported as not found, not as empty", async () => {
    const { url } = await start([]);
    const backend = await openRestAt(`rest:${url}/nowhere`);
    expect(await failureOf(backend.load("config", "", signal))).toMatch(/^not_found: /);
    expect(await failureOf(backend.list("keys", undefined, signal))).toMatch(
      /^transient not_found: /,
    );
  });

  test("a certificate of an unknown CA is rejected", async () => {
    const pem = join(TLS, "server.pem");
    const { url } = await start(["--tls", "--tls-cert", pem, "--tls-key", pem]);
    const environment = { RESTIC_CACERT: join(TLS, "other-ca.pem") };
    const backend = await openRestAt(`rest:${url}/a`, { environment });
    expect(await failureOf(backend.load("config", "", signal))).toMatch(
      /^unreachable: TLS with 127\.0\.0\.1:\d+ failed: .*UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
    );
  });

  test("all servers have received GET requests only", async () => {
    const counts = new Map<string | undefined, number>();
    for (const server of servers) {
      await server.stop();
      for (const [, method] of server.log().matchAll(/"([A-Z]+) \S+ HTTP\/1\.1"/g))
        counts.set(method, (counts.get(method) ?? 0) + 1);
    }
    expect([...counts.keys()]).toEqual(["GET"]);
    expect(counts.get("GET")).toBeGreaterThan(50 * Object.keys(modes).length);
    servers = [];
  });
});
