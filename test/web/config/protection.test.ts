import { copyFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { connect as connectTls } from "node:tls";
import type { TLSSocket } from "node:tls";
import { once } from "node:events";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";

import { expect, onTestFinished, test } from "vitest";

import { textAnswer } from "../../../src/web/response.ts";
import { Protection } from "../../../src/web/config/protection.ts";
import { startServer } from "../../../src/web/server.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { call } from "../../support/core/http.ts";
import { ArrayLogger } from "../../support/core/logger.ts";
import { until } from "../../support/core/until.ts";
import { webConfigFolder } from "../../support/web/web-config-folder.ts";
import { ask, REQUESTS } from "../../support/web/web-config-requests.ts";
import { WEB_CONFIGS } from "../../support/web/web-configs.ts";

const TLS = WEB_CONFIGS["certificate and key"] ?? "";
const VERIFY = WEB_CONFIGS["RequireAndVerifyClientCert"] ?? "";
const LOGIN = WEB_CONFIGS["a login"] ?? "";
const LOGINS = WEB_CONFIGS["several logins"] ?? "";

async function serve(content: string, open: readonly string[] = []) {
  const folder = await webConfigFolder(content);
  const clock = new FakeClock();
  const logger = new ArrayLogger();
  const protection = await Protection.open({ file: folder.file, open, clock, logger });
  const routes = new Map(["/", "/-/healthy"].map((path) => [path, () => textAnswer(200, path)]));
  const bind = { host: "127.0.0.1", port: 0 };
  const server = await startServer({ bind, routes, clock, logger, protection });
  onTestFinished(async () => {
    await server.stop(0);
    await protection.stop();
    await folder.remove();
  });
  const logLines = (): readonly string[] =>
    logger.texts.map((line) => line.replaceAll(folder.file, "FILE"));
  return {
    folder,
    clock,
    protection,
    address: server.address,
    logger,
    logLines,
    ask: (name: string) => ask(server.address.port, REQUESTS[name] ?? {}),
    /** Lets the file be checked until the condition is true. */
    checkUntil: (what: string, condition: () => boolean | Promise<boolean>) =>
      until(what, async () => {
        await clock.advance(500);
        return condition();
      }),
  };
}

async function openTls(port: number): Promise<TLSSocket> {
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

async function statusLine(socket: TLSSocket): Promise<string> {
  socket.write("GET / HTTP/1.1\r\nHost: agent\r\n\r\n");
  const [data] = await once(socket, "data");
  return String(data).slice(0, 15);
}

test("new connections get a changed certificate, and open connections stay open", async () => {
  const { folder, address, checkUntil } = await serve(TLS);
  const before = await openTls(address.port);
  expect(await statusLine(before)).toBe("HTTP/1.1 200 OK");
  await copyFile(folder.path("server-rsa.pem"), folder.path("server.pem"));
  await copyFile(folder.path("server-rsa.key"), folder.path("server.key"));
  const fingerprint = async (): Promise<string | undefined> => {
    const socket = await openTls(address.port);
    const value = socket.getPeerX509Certificate()?.fingerprint256;
    socket.destroy();
    return value;
  };
  const { fingerprint256 } = new X509Certificate(await readFile(folder.path("server-rsa.pem")));
  await checkUntil("the other certificate", async () => (await fingerprint()) === fingerprint256);
  expect(await statusLine(before)).toBe("HTTP/1.1 200 OK");
});

test("a changed symbolic link is followed, as in volumes of Kubernetes", async () => {
  const { folder, ask: askFor, checkUntil, logLines } = await serve("");
  await rename(folder.file, folder.path("first.yml"));
  await writeFile(folder.path("second.yml"), LOGIN);
  await symlink("first.yml", folder.file);
  await symlink("second.yml", folder.path("next"));
  await rename(folder.path("next"), folder.file);
  await checkUntil("the login", async () => (await askFor("in the clear")) === "401");
  expect(await askFor("alice")).toBe("200");
  expect(logLines()).toEqual(['info web config reloaded {"file":"FILE"}']);
});

test("new connections are checked by changed rules for client certificates", async () => {
  const { folder, ask: askFor, checkUntil } = await serve(TLS);
  expect(await askFor("TLS")).toBe("200");
  await folder.write(VERIFY);
  await checkUntil("the rule", async () => (await askFor("TLS")) === "refused");
  expect(await askFor("client with names")).toBe("200");
  await folder.write(VERIFY.replace("ca.pem", "stranger.pem"));
  await checkUntil("the other CA", async () => (await askFor("client with names")) === "refused");
});

test("a removed user cannot log in", async () => {
  const { folder, ask: askFor, checkUntil } = await serve(LOGINS);
  expect([await askFor("alice"), await askFor("bob")]).toEqual(["200", "200"]);
  await folder.write(LOGIN);
  await checkUntil("the removal of bob", async () => (await askFor("bob")) === "401");
  expect(await askFor("alice")).toBe("200");
});

test("an invalid file is logged once and the previous config stays in effect until the file is fixed", async () => {
  const { folder, protection, ask: askFor, checkUntil, logLines, clock } = await serve(LOGIN);
  expect(protection.reloadSuccessful).toBe(true);
  await folder.write("basic_auth_user: {}\nrate_limits: {}\n");
  await checkUntil("the rejection", () => !protection.reloadSuccessful);
  for (let index = 0; index < 10; index++) await clock.advance(500);
  expect(logLines()).toEqual([
    'error web config rejected, the previous one stays in effect {"error":"FILE:1:1: basic_auth_user: unknown key, did you mean basic_auth_users?"}',
    'error web config rejected, the previous one stays in effect {"error":"FILE:2:1: rate_limits: unknown key, did you mean rate_limit?"}',
  ]);
  expect([await askFor("in the clear"), await askFor("alice")]).toEqual(["401", "200"]);
  await rm(folder.file);
  await checkUntil("the other rejection", () => logLines().length === 3);
  expect(logLines()[2]).toContain('"FILE: file not found"');
  await folder.write(LOGINS);
  await checkUntil("the fixed file", () => protection.reloadSuccessful);
  expect(await askFor("bob")).toBe("200");
});

test("a file that is being written is read when it is complete", async () => {
  const { folder, clock, logLines, checkUntil, protection } = await serve(LOGIN);
  for (let index = 1; index < 12; index++) {
    await folder.write(LOGINS.slice(0, index));
    await clock.advance(500);
    // The fake clock does not wait for the I/O of the check: it has ended when the clock sleeps again.
    await until("the end of the check", () => clock.sleeping === 1);
  }
  expect(logLines()).toEqual([]);
  await folder.write(LOGINS);
  await checkUntil("the complete file", () => logLines().some((line) => line.startsWith("info")));
  expect(protection.reloadSuccessful).toBe(true);
});

test("an empty file disables neither TLS nor logins: both need a restart", async () => {
  const { folder, ask: askFor, checkUntil, logLines } = await serve(`${TLS}${LOGIN}`);
  await folder.write("");
  await checkUntil("the empty file", () => logLines().some((line) => line.startsWith("info")));
  expect(logLines()).toEqual([
    'warn switching TLS off needs a restart {"file":"FILE"}',
    'warn removing all basic_auth_users needs a restart {"file":"FILE"}',
    'info web config reloaded {"file":"FILE"}',
  ]);
  expect([await askFor("TLS"), await askFor("alice over TLS")]).toEqual(["401", "200"]);
});

test("switching TLS on needs a restart", async () => {
  const { folder, ask: askFor, checkUntil, logLines } = await serve("");
  await folder.write(`${TLS}${LOGIN}`);
  await checkUntil("the login", async () => (await askFor("in the clear")) === "401");
  expect(logLines()[0]).toBe('warn switching TLS on needs a restart {"file":"FILE"}');
  expect(await askFor("alice")).toBe("200");
});

test("a reload resets the rate limit only if it changed", async () => {
  const limit = (burst: number, more: string): string =>
    `rate_limit: {interval: 24h, burst: ${burst}}\n${more}`;
  const { folder, ask: askFor, checkUntil, logLines } = await serve(limit(2, ""));
  const two = [await askFor("in the clear"), await askFor("in the clear")];
  expect([...two, await askFor("in the clear")]).toEqual(["200", "200", "429"]);
  await folder.write(limit(2, "# the same\n"));
  await checkUntil("the same limit", () => logLines().length === 1);
  expect(await askFor("in the clear")).toBe("429");
  await folder.write(limit(1, ""));
  await checkUntil("the other limit", () => logLines().length === 2);
  expect([await askFor("in the clear"), await askFor("in the clear")]).toEqual(["200", "429"]);
});

test("open paths need no login and do not count for the rate limit", async () => {
  const { address, ask: askFor } = await serve(`${LOGIN}rate_limit: {interval: 24h, burst: 1}\n`, [
    "/-/healthy",
  ]);
  for (let index = 0; index < 3; index++)
    expect((await call(address, "/-/healthy")).status).toBe(200);
  expect([await askFor("alice"), await askFor("alice")]).toEqual(["200", "429"]);
});

test("every path requires the login, including unknown ones", async () => {
  const { address } = await serve(LOGIN);
  const statuses = ["/", "/-/healthy", "/nowhere", "//", "/../"].map(
    async (path) => (await call(address, path)).status,
  );
  expect(await Promise.all(statuses)).toEqual([401, 401, 401, 401, 401]);
  expect((await call(address, "/", { method: "POST" })).status).toBe(401);
});

test("configured headers replace the default headers, and an empty value omits the header", async () => {
  const { address } = await serve(`http_server_config:
  headers:
    Content-Security-Policy: ""
    X-Frame-Options: sameorigin
    Strict-Transport-Security: "max-age=1; ü"
`);
  const { headers } = await call(address, "/");
  expect(headers["content-security-policy"]).toBeUndefined();
  expect(headers["x-frame-options"]).toBe("sameorigin");
  expect(Buffer.from(String(headers["strict-transport-security"]), "latin1").toString()).toBe(
    "max-age=1; ü",
  );
});
