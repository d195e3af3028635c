import { httpClient } from "../../http/client.ts";
import type { Backend } from "../backend.ts";
import { httpOptions } from "../http-options.ts";
import type { RestLocation } from "./location.ts";
import type { BackendContext } from "../context.ts";
import { restBackend } from "./protocol.ts";

/** A server with restic's REST protocol, version 1 or 2: rest-server, rclone. */
export async function openRest(
  location: RestLocation,
  context: BackendContext,
  idleMs?: number,
): Promise<Backend> {
  const send = httpClient({
    ...(await httpOptions(context, idleMs)),
    socketPath: location.socketPath,
  });
  const { base, socketPath } = location;
  return restBackend({
    ...context,
    location: socketPath === undefined ? base : `${socketPath}:${new URL(base).pathname}`,
    base,
    headers: authorization(location, context),
    send,
  });
}

/** The login of the URL, else of the environment. As in restic, the two are never mixed. */
function authorization(
  { login }: RestLocation,
  { environment }: BackendContext,
): Readonly<Record<string, string>> {
  const username = environment["RESTIC_REST_USERNAME"];
  const password = environment["RESTIC_REST_PASSWORD"];
  if (!login && !username && !password) return {};
  const pair = login
    ? `${login.username}:${login.password.revealText()}`
    : `${username?.revealText() ?? ""}:${password?.revealText() ?? ""}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}
