import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { OtlpEndpoint } from "../../../src/settings/otlp.ts";
import type { OtlpExporter, OtlpExporterOptions } from "../../../src/telemetry/otlp/exporter.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { until } from "../../support/core/until.ts";
import { answer, FaultServer } from "../../support/http/fault-server.ts";
import { exporterTo, pushOnce } from "../../support/otlp/exporter-push.ts";

const FOLDER = join(import.meta.dirname, "../../fixtures/tls");
const pem = (name: string): Promise<string> => readFile(join(FOLDER, `${name}.pem`), "utf8");

let folder: string;
let server: FaultServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlp-tls-"));
  const [, cert = "", key = ""] =
    /^(-+BEGIN CERTIFICATE.*?)(-+BEGIN PRIVATE KEY.*)$/s.exec(await pem("client")) ?? expect.fail();
  await writeFile(join(folder, "client.pem"), cert);
  await writeFile(join(folder, "client-key.pem"), key);
  server = await FaultServer.start({
    tls: { pem: await pem("server"), clientCa: await pem("ca") },
  });
  server.answers(answer("{}", "application/json"));
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** An exporter that trusts the CA in `ca.pem` of the folder, with a certificate of its own. */
function exporter(
  tls: Partial<OtlpEndpoint["tls"]> = {},
  options: Partial<OtlpExporterOptions> = {},
): OtlpExporter {
  const changes = {
    headers: {},
    timeoutMs: 1000,
    tls: {
      ca: join(folder, "ca.pem"),
      cert: join(folder, "client.pem"),
      key: join(folder, "client-key.pem"),
      ...tls,
    },
  };
  return exporterTo(`${server.url}/v1/metrics`, changes, options);
}

test("a custom CA, and a certificate of the client", async () => {
  await cp(join(FOLDER, "ca.pem"), join(folder, "ca.pem"));
  await pushOnce(exporter());
  expect(server.requests).toHaveLength(1);
});

test("a server that wants a certificate of the client takes no request without one", async () => {
  await cp(join(FOLDER, "ca.pem"), join(folder, "ca.pem"));
  expect(await failureOf(pushOnce(exporter({ cert: undefined, key: undefined })))).toMatch(
    "unreachable: ",
  );
  expect(server.requests).toEqual([]);
});

test("an unknown CA fails until the file is the right one", async () => {
  await cp(join(FOLDER, "other-ca.pem"), join(folder, "ca.pem"));
  const pushing = exporter();
  expect(await failureOf(pushOnce(pushing))).toBe(
    `unreachable: TLS with 127.0.0.1:${server.port} failed: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN); tls.ca, or OTEL_EXPORTER_OTLP_CERTIFICATE, names another CA`,
  );
  await cp(join(FOLDER, "ca.pem"), join(folder, "ca.pem"));
  await pushOnce(pushing);
  expect(server.requests).toHaveLength(1);
});

test("a push ends at its time limit if its certificate file is a FIFO without a writer", async () => {
  const file = join(folder, "ca.pem");
  await promisify(execFile)("mkfifo", [file]);
  const clock = new FakeClock();
  const pushed = failureOf(pushOnce(exporter({}, { clock })));
  await until("the time limit", () => clock.sleeping === 1);
  await clock.advance(1000);
  expect(await pushed).toMatch(/^timeout: .* not accepted within 1 s$/);
  // Ends the read.
  await writeFile(file, "");
});

test("a certificate file that is missing", async () => {
  expect(await failureOf(pushOnce(exporter()))).toBe(
    `config: tls.ca: the file ${folder}/ca.pem cannot be read (ENOENT)`,
  );
});
