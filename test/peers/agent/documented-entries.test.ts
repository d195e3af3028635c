import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";

import { page } from "../../house/docs.ts";
import { startAgent } from "../../support/agent/agent.ts";
import { AZURITE, startAzurite } from "../../support/stores/azurite.ts";
import { CountingProxy } from "../../support/http/counting-proxy.ts";
import { FakeB2 } from "../../support/backends/fake-b2.ts";
import { startFakeGcs } from "../../support/stores/fake-gcs.ts";
import { FaultServer, answer } from "../../support/http/fault-server.ts";
import type { Fault } from "../../support/http/fault-server.ts";
import { LoopbackProxy } from "../../support/http/loopback-proxy.ts";
import {
  peerPath,
  requireAzurite,
  requirePeer,
  requireSshd,
  requireSwift,
} from "../../support/agent/peers.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { startRestServer } from "../../support/stores/rest-server.ts";
import { startVersitygw } from "../../support/stores/s3-server.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import {
  accountSas,
  FOREVER,
  seedAzure,
  seedGcs,
  seedSwift,
  swiftToken,
} from "../../support/stores/seeded-stores.ts";
import { sshd } from "../../support/stores/sshd.ts";
import { startSwift, SWIFT_ACCOUNT } from "../../support/stores/swift-server.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PEM = join(ROOT, "test/fixtures/tls/server.pem");
const PASSWORD = "of the repository";

const hasPeers =
  (["rest-server", "versitygw", "rclone", "fake-gcs-server"] as const).every((name) =>
    requirePeer(name),
  ) &&
  requireAzurite() !== undefined &&
  requireSwift() &&
  requireSshd();

/** A Keystone that accepts only the application credential of the page. Its catalog names swift.example.com. */
function keystone(token: string): Fault {
  return (request, response) => {
    void (async () => {
      const { auth } = JSON.parse(await text(request));
      const { id, secret } = auth.identity.application_credential;
      const known = id === "8e2d4a6c0f1b4d3e9a7c5b1d0e9f8a7b" && secret === "swift secret";
      const url = `https://swift.example.com/v1/${SWIFT_ACCOUNT}`;
      const endpoints = [{ interface: "public", region: "one", region_id: "one", url }];
      const body = {
        token: {
          expires_at: "2096-10-02T07:06:40Z",
          catalog: [{ type: "object-store", endpoints }],
        },
      };
      response.writeHead(known && request.url === "/v3/auth/tokens" ? 201 : 401, {
        "x-subject-token": token,
      });
      response.end(JSON.stringify(body));
    })();
  };
}

/** The entries of docs/backends.md, unchanged. */
async function entries(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const markdown = await readFile(page("backends"), "utf8");
  const [, block = ""] = /\n## One entry each\n[^]*?\n```yaml\n([^]*?)\n```\n/.exec(markdown) ?? [];
  const { repositories } = parse(block);
  return repositories;
}

/** A proxy forwards each host of the page to a server on loopback, whose certificate has another name. */
describe.skipIf(!hasPeers)("the entries of docs/backends.md", () => {
  let root: string;
  let stop: (() => Promise<unknown>)[] = [];
  let proxy: LoopbackProxy;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "readme-"));
    const sealed = new SealedRepository(PASSWORD);
    sealed.addSnapshot({ time: "2026-11-01T12:00:00Z", hostname: "h", username: "u" });
    await mkdir(join(root, "etc/restic"), { recursive: true });
    for (const folder of ["srv/restic/web", "rest/web", "s3/backups/web"])
      await repositoryFolder(sealed.files, join(root, folder));

    const tls = ["--tls", "--tls-cert", PEM, "--tls-key", PEM];
    const htpasswd = join(root, "htpasswd");
    await writeFile(
      htpasswd,
      "monitor:$2b$04$kOVmZfqxBj4TePKSo0paQ.MWd.D2dpyr7voIWVAA8VJo3QoZP/jqG\n",
    );
    const rest = await startRestServer({
      path: join(root, "rest"),
      args: [...tls, "--htpasswd-file", htpasswd],
    });
    const domain = "s3.eu-central-1.amazonaws.com";
    const s3 = await startVersitygw({
      path: join(root, "s3"),
      tls: PEM,
      region: "eu-central-1",
      args: ["--virtual-domain", domain, "--access", "AKIDEXAMPLE", "--secret", "aws/secret"],
    });
    const b2 = new FakeB2(() => "https://api.backblazeb2.com");
    b2.keyId = "0012e0a5f13b7d4";
    b2.files = new Map([...sealed.files].map(([path, bytes]) => [`web/${path}`, bytes]));
    const b2Server = await FaultServer.start({ tls: { pem: await readFile(PEM, "utf8") } });
    b2Server.answers(b2.serve);
    vi.stubEnv("AZURITE_ACCOUNTS", `backupaccount:${AZURITE.AZURE_ACCOUNT_KEY}`);
    const azurite = await startAzurite({ path: join(root, "azurite") });
    await seedAzure(azurite, "backups", "web", sealed.files, "backupaccount");
    const gcs = await startFakeGcs(join(root, "gcs"));
    await seedGcs(gcs, "backups", "web", sealed.files);
    const swift = await startSwift(join(root, "swift"));
    await seedSwift(swift, "backups", "web", sealed.files);
    const pem = await readFile(PEM, "utf8");
    const identity = await FaultServer.start({ tls: { pem } });
    identity.answers(keystone(await swiftToken(swift)));
    const google = await FaultServer.start();
    google.answers(
      answer(
        '{"access_token": "ya29.x", "expires_in": 3600, "token_type": "Bearer"}',
        "application/json",
      ),
    );
    const fronts = await Promise.all(
      [azurite, gcs, swift].map(({ url }) => CountingProxy.start(url, { pem })),
    );
    const [azureFront, gcsFront, swiftFront] = fronts;

    const ports: Readonly<Record<string, number | undefined>> = {
      "backupaccount.blob.core.windows.net": azureFront?.port,
      "storage.googleapis.com": gcsFront?.port,
      "swift.example.com": swiftFront?.port,
      "keystone.example.com": identity.port,
      "backups.example.com": Number(new URL(rest.url).port),
      [`backups.${domain}`]: Number(new URL(s3.url).port),
      "api.backblazeb2.com": b2Server.port,
    };
    proxy = await LoopbackProxy.start((host) => ports[host] ?? 1);
    stop = [proxy, ...fronts, rest, s3, b2Server, azurite, gcs, swift, identity, google].map(
      (server) => () => server.stop(),
    );

    const ssh = (await sshd(join(root, "ssh"))).readOnlyArgs.replace("-F ", "");
    const files: Readonly<Record<string, string>> = {
      "web.password": PASSWORD,
      "rest.password": "bcrypt pass",
      "aws.key": "aws/secret",
      "b2.key": b2.key,
      "azure.sas": accountSas("rl", FOREVER, "backupaccount"),
      "google.json": JSON.stringify({
        type: "service_account",
        client_email: "monitor@project.iam.gserviceaccount.com",
        private_key_id: "1",
        private_key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
          type: "pkcs8",
          format: "pem",
        }),
        token_uri: `${google.url}/token`,
      }),
      "swift.secret": "swift secret",
      "rclone.conf": "[drive]\ntype = local\n",
      ssh_config: (await readFile(ssh, "utf8")).replace("Host peer", "Host backups.example.com"),
    };
    for (const [name, content] of Object.entries(files))
      await writeFile(join(root, "etc/restic", name), `${content}\n`);
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    for (const stopServer of stop) await stopServer();
    await rm(root, { recursive: true });
  });

  test("work unchanged", async () => {
    const copied = await entries();
    const repositories = copied.map((entry) => Object.assign({ insecure_tls: true }, entry));
    const settings = JSON.stringify({ repositories }).replaceAll(
      /\/(?=etc\/restic\/|srv\/restic\/)/g,
      `${root}/`,
    );
    const path = [dirname(peerPath("rclone")), process.env["PATH"]].join(delimiter);
    const env = { PATH: path, HTTPS_PROXY: `http://${proxy.where}` };
    const agent = await startAgent(settings, { env });
    const samples = await agent.collect();
    await agent.stop();
    const up = samples.of("backup_repository_up");
    const down = up.filter(({ value }) => value !== 1).map(({ labels }) => labels["url"]);
    expect({ down, log: down.length > 0 ? agent.log() : "" }).toEqual({ down: [], log: "" });
    expect(up).toHaveLength(copied.length);
    expect(samples.of("backup_snapshot_count")).toHaveLength(copied.length);
    const schemes = copied.map((entry) => String(entry["repo"]).replace(/:.*|^\/.*/, ""));
    expect(schemes).toEqual(
      expect.arrayContaining(["", "rest", "s3", "b2", "azure", "gs", "swift", "sftp", "rclone"]),
    );
  });
});
