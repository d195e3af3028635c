import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import type { SecureVersion } from "node:tls";

import { afterEach, beforeAll, describe, expect, test } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import type { HttpResponse } from "../../instrumentation/http/client.ts";
import type { HttpOptions } from "../../instrumentation/http/options.ts";
import { failureOf } from "../support/core/failure.ts";
import { FaultServer, answer } from "../support/http/fault-server.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/tls");
const NAMES = ["ca", "other-ca", "server", "client"] as const;

let pem: Readonly<Record<(typeof NAMES)[number], string>>;
let server: FaultServer;

beforeAll(async () => {
  const [ca, otherCa, serverPem, clientPem] = await Promise.all(
    NAMES.map((name) => readFile(join(FOLDER, `${name}.pem`), "utf8")),
  );
  pem = {
    ca: ca ?? "",
    "other-ca": otherCa ?? "",
    server: serverPem ?? "",
    client: clientPem ?? "",
  };
});

afterEach(() => server.stop());

async function start(clientCa?: string, maxVersion?: SecureVersion): Promise<void> {
  server = await FaultServer.start({
    tls: {
      pem: pem.server,
      ...(clientCa !== undefined && { clientCa }),
      ...(maxVersion && { maxVersion }),
    },
  });
  server.answers(answer("sealed"));
}

function get(url: string, options: Partial<HttpOptions>): Promise<HttpResponse> {
  const send = httpClient({ connections: 5, proxyEnvironment: {}, ...options });
  return send({ url: new URL(url), headers: {}, maxBytes: 100 }, new AbortController().signal);
}

describe("the certificate of a server", () => {
  test("is accepted if the given CA signed it", async () => {
    await start();
    const { body } = await get(server.url, { ca: pem.ca });
    expect(body.toString()).toBe("sealed");
    const both = `${pem["other-ca"]}\n${pem.ca}`;
    expect((await get(server.url, { ca: both })).status).toBe(200);
  });

  test.for([
    ["no CA is given", (): undefined => undefined],
    ["another CA is given", (): string => pem["other-ca"]],
  ] as const)("is rejected if %s", async ([, ca]) => {
    await start();
    expect(await failureOf(get(server.url, { ca: ca() }))).toBe(
      `unreachable: TLS with 127.0.0.1:${server.port} failed: unable to verify the first certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE); to trust another CA for a repository, set RESTIC_CACERT`,
    );
    expect(server.requests).toEqual([]);
  });

  test("is not checked with skipVerify", async () => {
    await start();
    expect((await get(server.url, { skipVerify: true })).body.toString()).toBe("sealed");
  });

  test("is rejected if it is for clients only", async () => {
    server = await FaultServer.start({ tls: { pem: pem.client } });
    expect(await failureOf(get(server.url, { ca: pem.ca }))).toBe(
      `unreachable: TLS with 127.0.0.1:${server.port} failed: unsuitable certificate purpose (INVALID_PURPOSE)`,
    );
  });
});

describe("a TLS session", () => {
  const twice = async (options: Partial<HttpOptions>): Promise<readonly string[]> => {
    const send = httpClient({ connections: 1, proxyEnvironment: {}, ca: pem.ca, ...options });
    const request = { url: new URL(server.url), headers: {}, maxBytes: 100 };
    const outcomes: string[] = [];
    for (let count = 0; count < 2; count++) {
      const sent = send(request, new AbortController().signal);
      outcomes.push(
        await sent.then(
          ({ body }) => body.toString(),
          () => failureOf(sent),
        ),
      );
    }
    return outcomes;
  };

  test("is resumed by the next connection to the same server", async () => {
    await start();
    const reused: boolean[] = [];
    server.answers(({ socket }, response) => {
      reused.push(socket instanceof TLSSocket && socket.isSessionReused());
      response.writeHead(200, { connection: "close" }).end("sealed");
    });
    expect(await twice({})).toEqual(["sealed", "sealed"]);
    expect(reused).toEqual([false, true]);
  });

  // With TLS 1.2 the session arrives before the name is checked, and a resumed session is not checked again.
  test.for(["TLSv1.2", "TLSv1.3"] as const)(
    "of a server with another name is not resumed, with %s",
    async (maxVersion) => {
      await start(undefined, maxVersion);
      const [first, second] = await twice({ serverName: "elsewhere.example" });
      expect(first).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID/);
      expect(second).toBe(first);
      expect(server.requests).toEqual([]);
    },
  );
});

describe("the client's certificate", () => {
  test("is sent when the server asks for it", async () => {
    await start(pem.ca);
    const options = { ca: pem.ca, clientCertificate: pem.client };
    expect((await get(server.url, options)).body.toString()).toBe("sealed");
  });

  test("is missing: the message has the alert of the server", async () => {
    await start(pem.ca);
    expect(await failureOf(get(server.url, { ca: pem.ca }))).toBe(
      `unreachable: TLS with 127.0.0.1:${server.port} failed: tlsv13 alert certificate required (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)`,
    );
  });

  test.for([
    ["is not PEM", (): string => "no PEM"],
    ["has no key", (): string => pem.ca],
    [
      "has the key of another certificate",
      (): string => pem.ca + pem.client.slice(pem.client.indexOf("-----BEGIN PRIVATE")),
    ],
  ] as const)("%s: config", async ([, clientCertificate]) => {
    await start(pem.ca);
    const options = { ca: pem.ca, clientCertificate: clientCertificate() };
    expect(await failureOf(get(server.url, options))).toMatch(
      /^config: the client's certificate or key cannot be used \(ERR_OSSL_\w+\)$/,
    );
  });
});

test("a server without TLS has a message of its own", async () => {
  server = await FaultServer.start();
  expect(await failureOf(get(server.url.replace("http:", "https:"), {}))).toBe(
    `unreachable: TLS with 127.0.0.1:${server.port} failed: wrong version number (ERR_SSL_WRONG_VERSION_NUMBER)`,
  );
});

test("a handshake that does not end is a time-out", async () => {
  server = await FaultServer.start({ silent: true });
  const url = server.url.replace("http:", "https:");
  expect(await failureOf(get(url, { requestTimeoutMs: 200 }))).toBe(
    `transient timeout: 127.0.0.1:${server.port} sent nothing for 0.2 s`,
  );
});
