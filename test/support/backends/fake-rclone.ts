import { appendFileSync, readFileSync } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import { createServer } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import { join } from "node:path";
import { Duplex } from "node:stream";

/**
 * A replacement of rclone: `fake-rclone.ts [FAULT] serve restic --stdio --b2-hard-delete FOLDER` serves a folder by version 2 of
 * restic's REST protocol, as HTTP/2 over its pipes. It prints the file FAKE_STDERR at the start, and writes its arguments and one line
 * for each request to FAKE_LOG. test/peers/backends/rclone.test.ts runs the real rclone.
 */
const args = process.argv.slice(2);
const fault = args[0] === "serve" ? "" : args[0];
const folder = args.at(-1) ?? "";
const { FAKE_STDERR, FAKE_LOG } = process.env;

function log(line: string): void {
  if (FAKE_LOG !== undefined) appendFileSync(FAKE_LOG, `${line}\n`);
}

let requests = 0;

async function answer(stream: ServerHttp2Stream, path: string): Promise<void> {
  requests += 1;
  if (fault === "silent" || (fault === "falls silent" && requests === 2)) return;
  if (fault === "breaks off" && requests === 1) return stream.close(2);
  if (fault === "dies" && requests === 2) process.exit(3);
  if (fault === "dies mid body" && requests === 1) {
    stream.respond({ ":status": 200, "content-length": 1000 });
    stream.write("half", () => setTimeout(() => process.exit(3), 20));
    return;
  }
  if (fault === "fails") {
    process.stderr.write("2026/01/02 03:04:05 ERROR : keys: list failed: 503 slow down\n");
    stream.respond({ ":status": 500 });
    return void stream.end("Internal Server Error");
  }
  if (fault === "is limited") {
    process.stderr.write(
      "2026/01/02 03:04:05 ERROR : googleapi: Error 403: userRateLimitExceeded\n",
    );
    stream.respond({ ":status": 500 });
    return void stream.end("Internal Server Error");
  }
  if (fault === "is denied") {
    process.stderr.write("2026/01/02 03:04:05 ERROR : keys: list failed: AccessDenied\n");
    stream.respond({ ":status": 404, server: "rclone/v1.60.1" });
    return void stream.end("Not Found");
  }
  const target = join(folder, path);
  if (path.endsWith("/")) {
    const found = await readdir(target, { recursive: true, withFileTypes: true }).catch(() => []);
    const entries = found
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const { size } = await stat(join(parentPath, name));
        return { name, size };
      });
    const body = JSON.stringify(await Promise.all(entries));
    // The client may have reset the stream.
    if (stream.destroyed) return;
    stream.respond({ ":status": 200, "content-type": "application/vnd.x.restic.rest.v2" });
    return void stream.end(body);
  }
  const body = await readFile(target.replace(/\/data\/(..)(?=[^/]*$)/, "/data/$1/$1")).catch(
    () => undefined,
  );
  if (stream.destroyed) return;
  stream.respond({ ":status": body ? 200 : 404, server: "rclone/v1.76.0" });
  stream.end(body ?? "Not Found");
}

log(JSON.stringify(args));
if (FAKE_STDERR !== undefined) process.stderr.write(readFileSync(FAKE_STDERR));
if (fault === "exits") process.exit(1);
if (fault === "babbles")
  process.stdout.write("NOTICE: Config file not found - using defaults\n".repeat(9));
const server = createServer();
server.on("stream", (stream, headers) => {
  const { ":method": method = "", ":path": path = "", accept = "" } = headers;
  log(`${method} ${path} ${accept}`);
  stream.on("error", () => {});
  void answer(stream, path);
});
server.emit("connection", Duplex.from({ readable: process.stdin, writable: process.stdout }));
process.stdout.on("error", () => {});
process.stdin.on("end", () => process.exit(0));
