import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { AZURITE, startAzurite } from "./azurite.ts";
import { FakeB2 } from "../backends/fake-b2.ts";
import { startFakeGcs } from "./fake-gcs.ts";
import { FaultServer } from "../http/fault-server.ts";
import { peerPath } from "../agent/peers.ts";
import { repositoryFolder } from "../repository/repository-folder.ts";
import { startRestServer } from "./rest-server.ts";
import { S3_KEYS, startVersitygw } from "./s3-server.ts";
import { SealedRepository } from "../repository/sealed-repository.ts";
import { seedAzure, seedGcs, seedSwift } from "./seeded-stores.ts";
import { sshd } from "./sshd.ts";
import { startSwift, swiftLoginOf } from "./swift-server.ts";

type Entry = Readonly<Record<string, unknown>>;

/** A repository with one snapshot on one backend, as an entry of the settings. */
export interface Place {
  readonly good: Entry;
  /** The same entry, broken in its own way. */
  readonly broken: Entry;
  /** The expected failure: class, and message with the location and without a secret. */
  readonly error: { readonly type: string; readonly message: RegExp };
  readonly secrets: readonly string[];
}

export interface Places {
  readonly places: Readonly<Record<string, Place>>;
  readonly stop: () => Promise<void>;
}

const TLS = join(import.meta.dirname, "../../fixtures/tls");
export const PASSWORD = "CANARY-of-the-repository";

/** Starts a server for each backend, over one folder. */
export async function startPlaces(root: string): Promise<Places> {
  const sealed = new SealedRepository(PASSWORD);
  sealed.addSnapshot({ time: "2026-11-01T12:00:00Z", hostname: "h", username: "u" });
  const folder = join(root, "backups", "repo");
  await mkdir(folder, { recursive: true });
  await repositoryFolder(sealed.files, folder);

  const pem = join(TLS, "server.pem");
  const login = "hashed:$2b$04$kOVmZfqxBj4TePKSo0paQ.MWd.D2dpyr7voIWVAA8VJo3QoZP/jqG\n";
  await writeFile(join(root, "htpasswd"), login);
  const tls = ["--tls", "--tls-cert", pem, "--tls-key", pem];
  const rest = await startRestServer({
    path: root,
    args: [...tls, "--htpasswd-file", join(root, "htpasswd")],
  });
  const s3 = await startVersitygw({ path: root });
  const b2Server = await FaultServer.start({ tls: { pem: await readFile(pem, "utf8") } });
  const b2 = new FakeB2(() => b2Server.url);
  b2.files = new Map([...sealed.files].map(([path, bytes]) => [`repo/${path}`, bytes]));
  b2Server.answers(b2.serve);
  const azurite = await startAzurite({ path: join(root, "azurite") });
  const gcs = await startFakeGcs(join(root, "gcs"));
  const swift = await startSwift(join(root, "swift"));
  const ssh = await sshd(join(root, "ssh"));
  await writeFile(join(root, "rclone.conf"), "[place]\ntype = local\n");

  const ca = { RESTIC_CACERT: join(TLS, "ca.pem") };
  const restLogin = { RESTIC_REST_USERNAME: "hashed", RESTIC_REST_PASSWORD: "bcrypt pass" };
  const entry = (repo: string, more: Entry = {}): Entry => ({ repo, password: PASSWORD, ...more });
  const rclone = (remote: string): Entry =>
    entry(`rclone:${remote}:${folder}`, {
      environment: { RCLONE_CONFIG: join(root, "rclone.conf") },
      options: { "rclone.program": peerPath("rclone") },
    });
  const restUrl = `rest:${rest.url}/backups/repo`;
  const s3Url = `s3:${s3.url}/backups/repo`;

  const azure = { ...AZURITE, AZURE_ENDPOINT_SUFFIX: azurite.url };
  const google = {
    GOOGLE_ACCESS_TOKEN: "CANARY-token",
    STORAGE_EMULATOR_HOST: new URL(gcs.url).host,
  };
  const st = swiftLoginOf(swift);

  const places: Readonly<Record<string, Place>> = {
    local: {
      good: entry(folder),
      broken: entry(join(root, "nowhere")),
      error: { type: "not_found", message: /nowhere/ },
      secrets: [],
    },
    rest: {
      good: entry(restUrl, { environment: { ...ca, ...restLogin } }),
      broken: entry(restUrl, { environment: restLogin }),
      error: { type: "unreachable", message: /TLS with 127\.0\.0\.1:\d+ failed/ },
      secrets: ["bcrypt pass"],
    },
    s3: {
      good: entry(s3Url, { environment: S3_KEYS }),
      broken: entry(s3Url, { environment: { ...S3_KEYS, AWS_SECRET_ACCESS_KEY: "CANARY-of-S3" } }),
      error: {
        type: "denied",
        message:
          /http:\/\/127\.0\.0\.1:\d+\/backups\/repo\/config: access denied \(403 SignatureDoesNotMatch\)/,
      },
      secrets: [...Object.values(S3_KEYS), "CANARY-of-S3"],
    },
    b2: {
      good: entry("b2:backups:repo", { environment: { ...ca, ...b2.environment } }),
      broken: entry("b2:nothing-there:repo", { environment: { ...ca, ...b2.environment } }),
      error: {
        type: "not_found",
        message: /b2:nothing-there at 127\.0\.0\.1:\d+: the bucket does not exist/,
      },
      secrets: [b2.keyId, b2.key],
    },
    azure: {
      good: entry(await seedAzure(azurite, "backups", "repo", sealed.files), {
        environment: azure,
      }),
      broken: entry("azure:nowhere:/repo", { environment: azure }),
      error: { type: "not_found", message: /azure:nowhere:\/.*127\.0\.0\.1:\d+/ },
      secrets: [AZURITE.AZURE_ACCOUNT_KEY],
    },
    gs: {
      good: entry(await seedGcs(gcs, "backups", "repo", sealed.files), { environment: google }),
      broken: entry("gs:nowhere:/repo", { environment: google }),
      error: { type: "not_found", message: /gs:nowhere:\/.*127\.0\.0\.1:\d+/ },
      secrets: ["CANARY-token"],
    },
    swift: {
      good: entry(await seedSwift(swift, "backups", "repo", sealed.files), { environment: st }),
      broken: entry("swift:backups:/repo2", { environment: { ...st, ST_KEY: "CANARY-of-Swift" } }),
      error: { type: "denied", message: /swift:backups:\/.*127\.0\.0\.1:\d+/ },
      secrets: ["testing-key", "CANARY-of-Swift"],
    },
    sftp: {
      good: entry(`sftp:peer:${folder}`, { options: { "sftp.args": ssh.readOnlyArgs } }),
      broken: entry(`sftp:nobody:${folder}`, {
        options: { "sftp.args": "-oProxyCommand=false -oStrictHostKeyChecking=yes" },
      }),
      error: { type: "unreachable", message: /nobody/ },
      secrets: [],
    },
    rclone: {
      good: rclone("place"),
      broken: rclone("elsewhere"),
      error: { type: "config", message: /didn't find section in config file/ },
      secrets: [],
    },
  };
  return {
    places,
    stop: async () => {
      const servers = [rest, s3, b2Server, azurite, gcs, swift];
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
