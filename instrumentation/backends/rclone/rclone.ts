import { connect as connectHttp2 } from "node:http2";
import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from "node:http2";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";

import { formatDuration, parseDurationMs } from "../../core/duration.ts";
import { AgentError } from "../../core/error.ts";
import type { Send } from "../../http/client.ts";
import type { Backend } from "../backend.ts";
import {
  commandOption,
  lastLine,
  programShown,
  startChild,
} from "../child-process/child-process.ts";
import type { Child, ChildExit } from "../child-process/child-process.ts";
import type { BackendContext } from "../context.ts";
import { parametersOf } from "./location.ts";
import type { RcloneLocation } from "./location.ts";
import { restBackend } from "../rest/protocol.ts";
import { SharedConnection } from "../child-process/shared-connection.ts";
import type { Connection } from "../child-process/shared-connection.ts";
import { inactivityTimeout } from "../child-process/inactivity-timeout.ts";

const BASE = "http://localhost/";

/** A remote of rclone, which serves restic's REST protocol, version 2, as HTTP/2 over its standard input and output. */
export function openRclone(location: RcloneLocation, context: BackendContext): Backend {
  const [program, ...before] = commandOption("rclone.program", context) ?? ["rclone"];
  const args = commandOption("rclone.args", context) ?? [
    "serve",
    "restic",
    "--stdio",
    "--b2-hard-delete",
  ];
  const command = [program, ...before, ...args, location.remote] as const;
  const connection = new SharedConnection(() => connect(command, location, context), context.clock);
  return {
    location: location.printable,
    connections: context.connections,
    list: (type, from, signal, options) =>
      connection.use(({ ask }) => ask((rest) => rest.list(type, from, signal, options)), signal),
    load: (type, name, signal) =>
      connection.use(({ ask }) => ask((rest) => rest.load(type, name, signal)), signal),
    close: () => connection.close(),
  };
}

interface RcloneConnection extends Connection {
  readonly ask: <T>(call: (rest: Backend) => Promise<T>) => Promise<T>;
}

function connect(
  command: readonly [string, ...string[]],
  { remote, printable: where }: RcloneLocation,
  context: BackendContext,
): RcloneConnection {
  const { options, requestTimeoutMs, clock } = context;
  // Otherwise rclone reads the password of an encrypted rclone.conf from our pipe.
  const defaults = { RCLONE_ASK_PASSWORD: "false" };
  const redact = (text: string): string => withoutParameters(context.redact(text), remote);
  const child = startChild({ ...context, command, defaults, redact });
  const death = new AbortController();
  const pipes = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const session = connectHttp2(BASE, { createConnection: () => pipes });
  // Each request reports its own failure.
  session.on("error", () => {});
  session.on("close", () => void child.end());
  void child.exited.then((exit) => {
    death.abort(exitFailure(exit, child.stderr(), command[0], where));
    // Not session.destroy(): it writes a GOAWAY frame, and Node.js crashes if the pipe is in the middle of a write.
    pipes.destroy();
  });
  // As in restic, the first response ends the start. rclone retries temporary failures of a provider itself, and sends nothing meanwhile.
  const startMs = parseDurationMs(options["rclone.timeout"] || "1m") ?? 0;
  let isStarted = false;
  const silence = (): void => {
    const message = isStarted
      ? `rclone sent nothing for ${formatDuration(requestTimeoutMs)}`
      : `rclone did not start within ${formatDuration(startMs)}: is it asking a question, or does its provider hang? The option rclone.timeout allows more time`;
    death.abort(new AgentError("timeout", `${where}: ${message}`));
    child.kill();
  };
  const limitMs = (): number => (isStarted ? requestTimeoutMs : startMs);
  const inactivity = inactivityTimeout(clock, limitMs, silence, death.signal);
  const received = (): void => {
    isStarted = true;
    inactivity.reset();
  };
  const rest = restBackend({
    ...context,
    location: `${where}/`,
    base: BASE,
    headers: {},
    send: http2Send(session, child, where, received),
  });
  return {
    dead: death.signal,
    async ask(call) {
      try {
        return await inactivity.guard(call(rest));
      } catch (error) {
        // rclone logged the reason before its response, but to another pipe.
        await setImmediate();
        throw explained(error, child, where);
      }
    },
    async end() {
      pipes.destroy();
      await child.end();
    },
  };
}

function http2Send(
  session: ClientHttp2Session,
  child: Child,
  where: string,
  received: () => void,
): Send {
  return async ({ url, headers, maxBytes, onBody }, signal) => {
    let head: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      const stream = session.request({ ":path": url.pathname, ...headers }, { signal });
      stream.once("response", (answered) => {
        received();
        head = answered;
      });
      for await (const chunk of stream) {
        if (!Buffer.isBuffer(chunk)) continue;
        received();
        if (onBody && head[":status"] === 200) {
          onBody(chunk);
          continue;
        }
        size += chunk.length;
        // Leaving the loop resets the stream.
        if (size > maxBytes)
          throw new AgentError(
            "corrupt",
            `${where}${url.pathname}: rclone sent more than ${maxBytes} bytes`,
          );
        chunks.push(chunk);
      }
      // If the session ends, the stream ends as if it were complete.
      if (stream.rstCode !== 0) throw new Error(`reset with ${stream.rstCode}`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AgentError) throw error;
      // The exit of rclone gives the reason.
      if (session.closed || session.destroyed) await child.exited;
      throw new AgentError("unreachable", `${where}: rclone broke off a response`, {
        transient: true,
        cause: error,
      });
    }
    const flat = Object.entries(head).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as const] : [],
    );
    return {
      status: head[":status"] ?? 0,
      headers: Object.fromEntries(flat),
      body: Buffer.concat(chunks),
    };
  };
}

const DENIED =
  /AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|permission denied|unauthori[sz]ed|forbidden|invalid_grant|bad_auth_token|\b40[13]\b/i;
/** Some providers limit rates with 403. */
const BUSY = /rate.?limit|quota|too.?many.?requests|slow.?down|\b429\b/i;
const NO_NETWORK =
  /no such host|connection refused|connection reset|i\/o timeout|network is unreachable|no route to host|TLS handshake|x509/i;
const NO_CONFIG =
  /didn't find section|not found in config file|unknown (?:flag|command|shorthand)|decrypt|ask for password|doesn't support|invalid|Usage:/i;

/** Adds the reason from rclone's standard error, which is missing for some providers. */
function explained(error: unknown, child: Child, where: string): unknown {
  if (!(error instanceof AgentError)) return error;
  const { code, message, transient } = error;
  const said = saidBy(child.stderr());
  if ((code !== "other" && code !== "unreachable") || said === "") return error;
  const hand = where.replace("rclone:", "rclone lsf ");
  const words = `${message}; rclone logged "${said}"; run "${hand}" for details`;
  return DENIED.test(said) && !BUSY.test(said)
    ? new AgentError("denied", words, { cause: error })
    : new AgentError(code, words, { transient, cause: error });
}

function exitFailure(
  { started, how }: ChildExit,
  stderr: string,
  program: string,
  where: string,
): AgentError {
  if (!started)
    return new AgentError(
      "config",
      `${where}: the program${programShown(program)} ${how}: install rclone, or set the option rclone.program`,
    );
  const said = saidBy(stderr);
  const message = `${where}: ${program} ${how}${said === "" ? "" : `: "${said}"`}`;
  if (BUSY.test(said)) return new AgentError("unreachable", message, { transient: true });
  if (DENIED.test(said)) return new AgentError("denied", message);
  if (NO_NETWORK.test(said)) return new AgentError("unreachable", message, { transient: true });
  if (NO_CONFIG.test(said))
    return new AgentError(
      "config",
      `${message}: fix rclone.conf, RCLONE_CONFIG_* or the options rclone.program and rclone.args`,
    );
  return new AgentError("unreachable", message, { transient: true });
}

/** The last line, without the time of a log line. */
function saidBy(stderr: string): string {
  return lastLine(stderr).replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, "");
}

/** The text without the values of the remote's parameters. */
function withoutParameters(text: string, remote: string): string {
  return parametersOf(remote)
    .filter((value) => value.length >= 4)
    .reduce((shown, value) => shown.replaceAll(value, "[redacted]"), text);
}
