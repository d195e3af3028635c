import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { resolversWith } from "../../../instrumentation/secrets/resolvers.ts";
import { OtlpExporter } from "../../../src/telemetry/otlp/exporter.ts";
import { agentResource } from "../../../src/telemetry/resource.ts";
import { collectOnce } from "../../../src/telemetry/collect-metrics.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { answer, FaultServer } from "../../support/http/fault-server.ts";
import { SettableSignals, hosts } from "../../support/agent/signals.ts";

const FOLDER = join(import.meta.dirname, "../../fixtures/tls");
const pem = (name: string): Promise<string> => readFile(join(FOLDER, `${name}.pem`), "utf8");

let folder: string;
let server: FaultServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlp-tls-"));
  server = await FaultServer.start({
    tls: { pem: await pem("server"), clientCa: await pem("ca") },
  });
  server.answers(answer("{}", "application/json"));
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** An exporter that trusts the CA in `ca.pem` of the folder. */
function exporter(): OtlpExporter {
  const endpoint = {
    url: `${server.url}/v1/metrics`,
    headers: {},
    protocol: "http/json",
    compression: "gzip",
    timeoutMs: 10_000,
    tls: {
      ca: join(folder, "ca.pem"),
      cert: join(FOLDER, "client.pem"),
      key: join(FOLDER, "client.pem"),
    },
  } as const;
  return new OtlpExporter(endpoint, {
    resolvers: resolversWith([]),
    version: "1",
    clock: new FakeClock(),
  });
}

async function push(to: OtlpExporter): Promise<void> {
  const signals = new SettableSignals();
  signals.set(hosts(1, 1));
  const metrics = await collectOnce(signals.bind, agentResource("1", "here"));
  await to.push(metrics, new AbortController().signal);
}

test("a certificate of the CA in the file, and one of the client", async () => {
  await cp(join(FOLDER, "ca.pem"), join(folder, "ca.pem"));
  await push(exporter());
  expect(server.requests).toHaveLength(1);
});

test("a certificate that nobody vouches for, until the file is the right one", async () => {
  await cp(join(FOLDER, "other-ca.pem"), join(folder, "ca.pem"));
  const pushing = exporter();
  expect(await failureOf(push(pushing))).toBe(
    `unreachable: TLS with 127.0.0.1:${server.port} failed: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN); tls.ca, or OTEL_EXPORTER_OTLP_CERTIFICATE, names another CA`,
  );
  await cp(join(FOLDER, "ca.pem"), join(folder, "ca.pem"));
  await push(pushing);
  expect(server.requests).toHaveLength(1);
});

test("a file that is not there", async () => {
  expect(await failureOf(push(exporter()))).toBe(
    `config: the certificate file ${folder}/ca.pem cannot be read`,
  );
});
