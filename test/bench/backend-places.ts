import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { CountingProxy } from "../support/counting-proxy.ts";
import { FakeB2 } from "../support/fake-b2.ts";
import { FaultServer } from "../support/fault-server.ts";
import { LoopbackProxy } from "../support/loopback-proxy.ts";
import { peerPath } from "../support/peers.ts";
import { startRestServer } from "../support/rest-server.ts";
import { S3_KEYS, startVersitygw } from "../support/s3-server.ts";
import { sshd } from "../support/sshd.ts";

/** One backend, for us and for restic. */
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
  /** What its server was asked for so far; undefined where none of HTTP is there. */
  readonly count?: () => { readonly requests: number; readonly receivedBytes: number };
  /** What the protocol asks for beside listings and files, and how long that is kept. */
  readonly setUp: string;
  /** The file of the backend, and the packages that its first call loads. */
  readonly module: string;
  readonly libraries: readonly string[];
}

interface BenchPlaces {
  readonly all: Readonly<Record<string, BenchPlace>>;
  /** Takes over what lies in `backups/repo`. */
  readonly fill: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const PEM = join(import.meta.dirname, "../fixtures/tls/server.pem");
const HTTP = ["undici"];

const countsOf = ({
  requests,
  receivedBytes,
}: CountingProxy): ReturnType<NonNullable<BenchPlace["count"]>> => ({
  requests,
  receivedBytes,
});

/** Servers over `folder`, in which the repository is `backups/repo`. */
export async function benchPlaces(folder: string): Promise<BenchPlaces> {
  const rest = await startRestServer({ path: folder });
  const s3 = await startVersitygw({ path: folder });
  const restProxy = await CountingProxy.start(rest.url);
  const s3Proxy = await CountingProxy.start(s3.url);
  const b2Server = await FaultServer.start({ tls: { pem: await readFile(PEM, "utf8") } });
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

  return {
    all: {
      local: {
        entry: { repo: repository },
        restic: { args: [], env: {} },
        setUp: "–",
        module: "local",
        libraries: [],
      },
      "rest (rest-server)": {
        entry: { repo: `rest:${restProxy.url}/backups/repo` },
        restic: { args: [], env: {} },
        count: () => countsOf(restProxy),
        setUp: "–",
        module: "rest",
        libraries: HTTP,
      },
      "s3 (versitygw)": {
        entry: { repo: `s3:${s3Proxy.url}/backups/repo`, environment: S3_KEYS },
        restic: { args: [], env: S3_KEYS },
        count: () => countsOf(s3Proxy),
        setUp: "one refused request if the region is neither named nor us-east-1; for good",
        module: "s3",
        libraries: HTTP,
      },
      "b2 (a fake)": {
        entry: { repo: "b2:backups:repo", environment: b2.environment, insecureTls: true },
        restic: {
          args: ["--insecure-tls"],
          env: { ...keys, HTTPS_PROXY: `http://${tunnel.where}` },
        },
        count: () => ({ requests: b2Server.requests.length, receivedBytes: b2.sentBytes }),
        setUp: "token, and the bucket's id unless the key is restricted to it; a day",
        module: "b2",
        libraries: HTTP,
      },
      "sftp (sshd)": {
        entry: { repo: `sftp:peer:${repository}`, options: sftp },
        restic: { args: options(sftp), env: {} },
        setUp: "one connection; a collection",
        module: "sftp",
        libraries: [],
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
        libraries: [],
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
    },
    async stop() {
      await Promise.all([restProxy.stop(), s3Proxy.stop(), tunnel.stop(), b2Server.stop()]);
      await Promise.all([rest.stop(), s3.stop()]);
    },
  };
}
