import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { AZURITE, startAzurite } from "../support/stores/azurite.ts";
import { CountingProxy } from "../support/http/counting-proxy.ts";
import { FakeB2 } from "../support/backends/fake-b2.ts";
import { startFakeGcs } from "../support/stores/fake-gcs.ts";
import { FaultServer } from "../support/http/fault-server.ts";
import { LoopbackProxy } from "../support/http/loopback-proxy.ts";
import { peerPath } from "../support/agent/peers.ts";
import { startRestServer } from "../support/stores/rest-server.ts";
import { S3_KEYS, startVersitygw } from "../support/stores/s3-server.ts";
import { seedAzure, seedGcs, seedSwift } from "../support/stores/seeded-stores.ts";
import { sshd } from "../support/stores/sshd.ts";
import { startSwift, swiftLoginOf } from "../support/stores/swift-server.ts";

/** A repository on one backend, with the settings of the agent and of restic. */
export interface BenchPlace {
  readonly entry: {
    readonly repo: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly options?: Readonly<Record<string, string>>;
    readonly insecureTls?: boolean;
  };
  readonly restic: {
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  /** Requests to the server so far, and bytes of its responses; undefined for backends without HTTP. */
  readonly count?: () => { readonly requests: number; readonly receivedBytes: number };
  /** Requests beside lists and loads, and how long their result is reused. For the table. */
  readonly setUp: string;
  /** Name of the backend's folder and file. */
  readonly module: string;
}

interface BenchPlaces {
  readonly all: Readonly<Record<string, BenchPlace>>;
  /** Copies `backups/repo` to the backends that do not serve the folder itself. */
  readonly fill: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const PEM = join(import.meta.dirname, "../fixtures/tls/server.pem");

const countsOf = (
  ...proxies: readonly CountingProxy[]
): ReturnType<NonNullable<BenchPlace["count"]>> => ({
  requests: proxies.reduce((sum, { requests }) => sum + requests, 0),
  receivedBytes: proxies.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
});

/** Starts all servers. The repository is `backups/repo` in `folder`. */
export async function benchPlaces(folder: string): Promise<BenchPlaces> {
  const rest = await startRestServer({ path: folder });
  const s3 = await startVersitygw({ path: folder });
  const restProxy = await CountingProxy.start(rest.url);
  const s3Proxy = await CountingProxy.start(s3.url);
  const pem = await readFile(PEM, "utf8");
  const azurite = await startAzurite({ path: join(folder, "azurite") });
  const gcs = await startFakeGcs(join(folder, "gcs"));
  const swift = await startSwift(join(folder, "swift"));
  const azureProxy = await CountingProxy.start(azurite.url);
  // restic connects to https://ACCOUNT.blob.SUFFIX only.
  const azureFront = await CountingProxy.start(azurite.url, { pem });
  const azureTunnel = await LoopbackProxy.start(() => azureFront.port);
  const gcsProxy = await CountingProxy.start(gcs.url, { isNamed: true });
  const swiftProxy = await CountingProxy.start(swift.url);
  const b2Server = await FaultServer.start({ tls: { pem } });
  const b2 = new FakeB2(() => b2Server.url);
  b2Server.answers(b2.serve);
  const tunnel = await LoopbackProxy.start(() => b2Server.port);
  const ssh = await sshd(join(folder, "ssh"));
  const config = join(folder, "rclone.conf");
  await writeFile(config, "[place]\ntype = local\n");
  const repository = join(folder, "backups/repo");

  const sftp = { "sftp.args": ssh.readOnlyArgs };
  const rclone = { "rclone.program": peerPath("rclone") };
  const options = (given: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(given).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const keys = { B2_ACCOUNT_ID: b2.keyId, B2_ACCOUNT_KEY: b2.key };

  const google = {
    GOOGLE_ACCESS_TOKEN: "token",
    STORAGE_EMULATOR_HOST: new URL(gcsProxy.url).host,
  };
  const st = swiftLoginOf(swiftProxy);

  return {
    all: {
      local: {
        entry: { repo: repository },
        restic: { args: [], env: {} },
        setUp: "–",
        module: "local",
      },
      "rest (rest-server)": {
        entry: { repo: `rest:${restProxy.url}/backups/repo` },
        restic: { args: [], env: {} },
        count: () => countsOf(restProxy),
        setUp: "–",
        module: "rest",
      },
      "s3 (versitygw)": {
        entry: { repo: `s3:${s3Proxy.url}/backups/repo`, environment: S3_KEYS },
        restic: { args: [], env: S3_KEYS },
        count: () => countsOf(s3Proxy),
        setUp: "one rejected request if the region is not configured and not us-east-1; once",
        module: "s3",
      },
      "b2 (a fake)": {
        entry: { repo: "b2:backups:repo", environment: b2.environment, insecureTls: true },
        restic: {
          args: ["--insecure-tls"],
          env: { ...keys, HTTPS_PROXY: `http://${tunnel.where}` },
        },
        count: () => ({ requests: b2Server.requests.length, receivedBytes: b2.sentBytes }),
        setUp: "a token, and the bucket's id unless the key is restricted to it; a day",
        module: "b2",
      },
      "azure (azurite)": {
        entry: {
          repo: "azure:backups:/repo",
          environment: { ...AZURITE, AZURE_ENDPOINT_SUFFIX: azureProxy.url },
        },
        restic: {
          args: ["--insecure-tls"],
          env: {
            ...AZURITE,
            AZURE_ENDPOINT_SUFFIX: "azurite.test",
            HTTPS_PROXY: `http://${azureTunnel.where}`,
          },
        },
        count: () => countsOf(azureProxy, azureFront),
        setUp: "none with a key or a SAS; a token of Entra ID, until it expires",
        module: "azure",
      },
      "gs (fake-gcs-server)": {
        entry: { repo: "gs:backups:/repo", environment: google },
        restic: { args: [], env: { ...google, GOOGLE_PROJECT_ID: "p" } },
        count: () => countsOf(gcsProxy),
        setUp: "a token; an hour",
        module: "gs",
      },
      "swift (Swift)": {
        entry: { repo: "swift:backups:/repo", environment: st },
        restic: { args: [], env: st },
        count: () => countsOf(swiftProxy),
        setUp: "a login; until its token expires",
        module: "swift",
      },
      "sftp (sshd)": {
        entry: { repo: `sftp:peer:${repository}`, options: sftp },
        restic: { args: options(sftp), env: {} },
        setUp: "one connection; a collection",
        module: "sftp",
      },
      "rclone (a folder)": {
        entry: {
          repo: `rclone:place:${repository}`,
          options: rclone,
          environment: { RCLONE_CONFIG: config },
        },
        restic: { args: options(rclone), env: { RCLONE_CONFIG: config } },
        setUp: "one process; a collection",
        module: "rclone",
      },
    },
    async fill() {
      const names = await readdir(repository, { recursive: true, withFileTypes: true });
      const files = names
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      const contents = files.map(
        async (file) => [`repo${file.slice(repository.length)}`, await readFile(file)] as const,
      );
      b2.files = new Map(await Promise.all(contents));
      const own = new Map(
        [...b2.files].map(([path, bytes]) => [path.slice("repo/".length), bytes]),
      );
      await seedAzure(azurite, "backups", "repo", own);
      await seedGcs(gcs, "backups", "repo", own);
      await seedSwift(swift, "backups", "repo", own);
    },
    async stop() {
      const proxies = [restProxy, s3Proxy, azureProxy, azureFront, gcsProxy, swiftProxy];
      const before = [...proxies, tunnel, azureTunnel, b2Server];
      await Promise.all(before.map((server) => server.stop()));
      const servers = [rest, s3, azurite, gcs, swift];
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
