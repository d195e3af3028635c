import { X509Certificate } from "node:crypto";

import {
  lastLine,
  printable,
} from "../../../instrumentation/backends/child-process/child-process.ts";
import { shellWords } from "../../../instrumentation/backends/child-process/shell-words.ts";
import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { parseServerTime } from "../../../instrumentation/backends/object-store/server-time.ts";
import { printableUrl } from "../../../instrumentation/backends/printable-url.ts";
import { iniSection } from "../../../instrumentation/backends/s3/credential-files.ts";
import { parseSchedule } from "../../../instrumentation/collect/schedule.ts";
import { systemClock } from "../../../instrumentation/core/clock.ts";
import { parseDurationMs } from "../../../instrumentation/core/duration.ts";
import { parseGlob } from "../../../instrumentation/settings/expectations/glob.ts";
import { AgentError } from "../../../instrumentation/core/error.ts";
import { withoutTrailingSlashes } from "../../../instrumentation/http/url-path.ts";
import { requestFailure } from "../../../instrumentation/http/errors.ts";
import { proxyFor } from "../../../instrumentation/http/proxy.ts";
import { statusError } from "../../../instrumentation/http/status-error.ts";
import { decodeText, trim } from "../../../instrumentation/secrets/trim.ts";
import { parseSnapshotSize } from "../../../instrumentation/settings/snapshot-size.ts";
import { bind } from "../../../src/settings/bind.ts";
import { withSignalPath } from "../../../src/settings/otlp.ts";
import { readOtelEnvironment } from "../../../src/settings/otel-environment.ts";
import { readShard } from "../../../src/settings/shard.ts";
import { urlPath } from "../../../src/settings/formats.ts";
import { acceptsGzip } from "../../../src/web/accept-encoding.ts";
import { namesOf } from "../../../src/web/config/client-certificate.ts";
import { plainError } from "../target.ts";
import type { Target } from "../target.ts";

const text = (take: (text: string) => unknown): Target["take"] => {
  return (input) => take(input.toString());
};

const invalid = (problem: string): AgentError => new AgentError("config", problem);

function repository(repo: string): string {
  parseLocation(repo);
  return printableUrl(repo);
}

function httpParserError(message: string): Error {
  const error = new Error(message);
  error.name = "HTTPParserError";
  return error;
}

/** A certificate whose names are this text, as Node.js prints them. */
function certificateWith(subjectAltName: string): X509Certificate {
  return Object.create(X509Certificate.prototype, { subjectAltName: { value: subjectAltName } });
}

/** Strings: settings, headers, what child processes print. */
export const TEXTS: readonly Target[] = [
  {
    name: "repository strings",
    seeds: [
      "/srv/repo",
      "rest:https://user:SECRETPW@host:8000/path/",
      "rest:http+unix:///run/rest.sock:/path/",
      "s3:https://host:9000/bucket/prefix",
      "s3:s3.amazonaws.com/bucket",
      "sftp:user@host:/srv/repo",
      "sftp://user:SECRETPW@[::1]:2222//srv/repo",
      'rclone:remote,pass="SECRETPW":path',
      "b2:bucket:prefix",
      "azure:container:/prefix",
      "gs:bucket:/prefix",
      "swift:container:/prefix",
    ],
    take: text(repository),
    heads: [
      "",
      "rest:",
      "rest:http://",
      "s3:",
      "s3:http://h/b/",
      "sftp:",
      "sftp://",
      "rclone:r,a=",
      "b2:b:",
      "gs:b:/",
    ],
  },
  {
    name: "cron",
    seeds: ["0 3 * * *", "*/5 0-3,7 ? jan-mar mon", "@every 1h30m", "CRON_TZ=Europe/Berlin @daily"],
    take: text((rule) => parseSchedule(rule, "UTC").next(0)),
    heads: ["", "@every ", "@every", "TZ=", "0 0 1 1 ", "0 "],
  },
  {
    name: "globs",
    seeds: ["web-*", "db[0-9]{3}", "[!a-c]?", "a\\*b"],
    take(input) {
      const glob = parseGlob(input.toString());
      if (glob instanceof Error) throw glob;
      return glob.matches("web-1.example.org");
    },
    mayThrow: plainError,
    heads: ["", "[", "[a-z]{", "*"],
  },
  {
    name: "sizes",
    seeds: ["8MiB", "1.5 GB", "4096"],
    take: text(parseSnapshotSize),
    heads: ["", "1", "1."],
  },
  {
    name: "durations",
    seeds: ["30s", "1h30m", "1.5h", ".5ms", "1µs"],
    take: text(parseDurationMs),
  },
  {
    name: "addresses to listen on",
    seeds: [":9121", "[::1%lo]:80", "unix:/run/x?mode=0660"],
    take: text((address) => bind.check(address)),
    heads: ["", "[", "unix:/"],
  },
  { name: "shards", seeds: ["2/5", "auto/5"], take: text((shard) => readShard(shard, "agent-3")) },
  {
    name: "URL paths",
    seeds: ["/metrics", "/a/b-c"],
    take: text((path) => urlPath.check(path)),
    heads: ["", "/", "/a"],
  },
  {
    name: "OTLP endpoints",
    seeds: ["http://collector:4318/", "https://h/v1/metrics"],
    take: text(withSignalPath),
    heads: ["", "http://h", "http://h/a"],
  },
  {
    name: "variables of OpenTelemetry",
    seeds: ["authorization=Bearer%20SECRETPW,b=c", " a = b "],
    take: text((value) =>
      readOtelEnvironment({
        OTEL_METRICS_EXPORTER: "otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://h:4318",
        OTEL_EXPORTER_OTLP_HEADERS: value,
        OTEL_RESOURCE_ATTRIBUTES: value,
      }),
    ),
    heads: ["", "a", "a=", "a=b"],
  },
  {
    name: "times of servers",
    seeds: ["Thu, 26 Nov 2026 22:37:24 GMT", "2026-11-26T22:37:24.123456Z"],
    take: text(parseServerTime),
    heads: ["", "2026"],
  },
  {
    name: "Retry-After",
    seeds: ["120", "Thu, 26 Nov 2026 22:37:24 GMT"],
    take: text((value) =>
      statusError(
        { status: 503, headers: { "retry-after": value }, body: Buffer.alloc(0) },
        "x",
        systemClock,
      ),
    ),
  },
  {
    name: "errors of HTTP",
    seeds: ["Response does not match the HTTP/1.1 protocol (Invalid header token)"],
    take: text((message) => requestFailure(httpParserError(message), "h:1", 1000)),
  },
  {
    name: "NO_PROXY",
    seeds: ["localhost,.example.org,10.0.0.0/8,[::1]:80", "*"],
    take: text((NO_PROXY) => proxyFor(new URL("http://h/"), { HTTP_PROXY: "http://p", NO_PROXY })),
    heads: ["", "[", "10."],
  },
  {
    name: "what a child process prints",
    seeds: ["ssh: connect to host h port 22\r\n"],
    take: text(lastLine),
  },
  { name: "foreign text", seeds: ["a\u0000b"], take: text(printable) },
  {
    name: "commands",
    seeds: ["ssh -p 22 'user x' \"y\""],
    take: text((words) => shellWords(words, invalid)),
  },
  {
    name: "files with secrets",
    seeds: ["\ufeff secret \n"],
    take: (input) => trim(decodeText(input)),
  },
  { name: "paths that end with slashes", seeds: ["kv/"], take: text(withoutTrailingSlashes) },
  {
    name: "credential files",
    seeds: ["[default]\naws_access_key_id = AK\naws_secret_access_key=SECRETPW\n# x\n"],
    take: text((content) => iniSection(content, "default")),
    heads: ["", "[default]\n", "[default]\na", "[default]\na=b"],
  },
  {
    name: "names of client certificates",
    seeds: ['DNS:a.example, IP Address:0:0:0:0:0:0:0:1, URI:"http://\\u0061/"'],
    take: text((names) => namesOf(certificateWith(names))),
    mayThrow: (error) => error instanceof SyntaxError,
    heads: ["", "DNS", "DNS:", 'DNS:"', 'DNS:"\\'],
  },
  { name: "Accept-Encoding", seeds: ["gzip;q=0.5, br"], take: text(acceptsGzip) },
];
