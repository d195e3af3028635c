import { readFile, writeFile } from "node:fs/promises";
import { PassThrough } from "node:stream";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { systemClock } from "../../../instrumentation/core/clock.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import { SftpClient } from "../../../instrumentation/backends/sftp/client.ts";
import { packet, string, u32 } from "../../../instrumentation/backends/sftp/packet.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import { openTransport } from "../../../instrumentation/vault/transport.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { HTTP_PLACES } from "../../support/backends/http-places.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { FaultServer } from "../../support/http/fault-server.ts";
import type { Fault } from "../../support/http/fault-server.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import { StatefulScene } from "../../support/repository/stateful-scene.ts";
import { vaultSettings } from "../../support/vault/vault-client.ts";
import type { Target } from "../target.ts";
import { AZURE_PAGE, REST_LISTING, S3_PAGE } from "./answers.ts";

const NAME = "0123456789abcdef".repeat(4);
const { signal } = new AbortController();
const STATUSES = [200, 200, 200, 200, 400, 403, 404, 503];

/** Whole parts of the agent with a server, a pipe or a folder. */
export interface Systems {
  readonly targets: readonly Target[];
  close(): Promise<void>;
}

/** The bodies that the backends list. */
const LISTINGS: Readonly<Record<string, string>> = {
  REST: REST_LISTING,
  S3: S3_PAGE,
  Azure: AZURE_PAGE,
  B2: JSON.stringify({
    files: [{ fileName: `repo/keys/${NAME}`, action: "upload" }],
    nextFileName: null,
  }),
  Google: JSON.stringify({ kind: "storage#objects", items: [{ name: `repo/keys/${NAME}` }] }),
  Swift: JSON.stringify([{ name: `repo/keys/${NAME}`, bytes: 5 }]),
};

/** Starts a server that answers every request with the input. Its length decides on the status. */
export async function openSystems(): Promise<Systems> {
  const server = await FaultServer.start();
  const scene = await StatefulScene.open();
  const answer = (input: Buffer): Fault => {
    const status = STATUSES[input.length % STATUSES.length] ?? 200;
    return (_request, response) => response.writeHead(status).end(input);
  };
  const backends = await Promise.all(
    Object.entries(HTTP_PLACES).map(async ([name, place]): Promise<Target> => {
      const backend = await place.open(server, {});
      const [login] = place.prelude?.(server) ?? [];
      return {
        name: `the backend of ${name}`,
        seeds: [LISTINGS[name] ?? "", ...place.secrets],
        canaries: place.secrets,
        async take(input) {
          const fault = answer(input);
          server.answers((request, response) => {
            const isLogin = login && request.url?.includes("b2_authorize_account");
            (isLogin ? login : fault)(request, response);
          });
          await backend.list("keys", undefined, signal);
        },
      };
    }),
  );
  const transport = openTransport(
    vaultSettings({ VAULT_ADDR: server.url, VAULT_TOKEN: "SECRETPW" }),
    {
      clock: systemClock,
      proxyEnvironment: {},
    },
  );
  const vault: Target = {
    name: "answers of Vault",
    seeds: ['{"data":{"data":{"key":"x"}}}', '{"errors":["1 error occurred: SECRETPW"]}'],
    async take(input) {
      server.answers(answer(input));
      await transport({ method: "GET", path: "/kv/a", token: new Secret("SECRETPW"), signal });
    },
  };
  return {
    targets: [...backends, vault, sftp, snapshots, await stateFiles(scene)],
    async close() {
      await scene.remove();
      await server.stop();
    },
  };
}

const SFTP_LISTING = Buffer.concat([
  packet(2, u32(3)),
  packet(102, u32(1), string("handle")),
  packet(104, u32(2), u32(1), string(NAME), string(`-rw- ${NAME}`), u32(0)),
  ...[3, 4, 5, 6].map((id) => packet(101, u32(id), u32(1), string("end"), string(""))),
]);

const sftp: Target = {
  name: "answers of SFTP servers",
  seeds: [SFTP_LISTING, "Last login: today\r\n"],
  async take(input) {
    const stdout = new PassThrough();
    const pipes = { stdin: new PassThrough().resume(), stdout };
    const client = new SftpClient({
      pipes,
      where: "sftp:h",
      shown: (text) => text.slice(0, 100),
      clock: new FakeClock(),
      requestTimeoutMs: 1000,
    });
    const listed = client.list(
      { path: "keys", shown: "sftp:h:keys" },
      { type: "keys", kind: "files" },
      signal,
    );
    // The promise may fail before it is awaited.
    listed.catch(() => {});
    stdout.write(input);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    client.die(new AgentError("unreachable", "the pipe ended"));
    await listed;
  },
};

const snapshots: Target = {
  name: "a repository with this snapshot",
  seeds: ['{"time":"2026-11-26T22:37:24Z","hostname":"h","username":"u","paths":["/"]}'],
  async take(input) {
    const sealed = new SealedRepository("p");
    sealed.addSnapshotText(input);
    const repository = new Repository({
      clock: new FakeClock(),
      reverifyMs: 1e9,
      onDerivation: () => {},
    });
    const backend = recordedBackend(sealed.files, () => {});
    const access = {
      backend,
      password: new Secret("p"),
      keyHint: undefined,
      publishedId: undefined,
    };
    return (await repository.read(access, signal)).snapshots.size;
  },
};

/** A damaged state file costs only itself: each snapshot is still read. */
async function stateFiles(scene: StatefulScene): Promise<Target> {
  scene.add(3);
  await scene.run();
  const file = await scene.stateFile();
  return {
    name: "state files",
    seeds: [await readFile(file)],
    async take(input) {
      await writeFile(file, input);
      const { ids } = await scene.run();
      if (ids.length !== 3) throw new TypeError(`${ids.length} of 3 snapshots are known`);
    },
  };
}
