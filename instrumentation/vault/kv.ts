import { AgentError } from "../core/error.ts";
import { limit } from "../core/limit.ts";
import type { Call, VaultClient } from "./client.ts";
import { member, textMember } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { encodePath, withoutTrailingSlashes } from "../http/url-path.ts";
import { Refusal } from "./refusal.ts";
import { isTokenValid } from "./token.ts";

type KvVersion = 1 | 2;

/** The address of a secret in a KV engine. */
export interface KvAddress {
  /** `mount/path`, accepted by `pathProblem`, without the `data/` of KV version 2. */
  readonly path: string;
  /** The version of the secret; undefined: the newest. KV version 1 keeps no versions. */
  readonly version?: number | undefined;
  /** The version of the engine; undefined: detected. */
  readonly kvVersion?: KvVersion | undefined;
}

interface Mount {
  /** Without leading and trailing slashes. */
  readonly path: string;
  readonly version: KvVersion;
}

/** Reads secrets from KV engines of version 1 and 2 at any mount. */
export class KvReader {
  readonly #client: VaultClient;
  readonly #mounts = new Map<string, Mount>();
  readonly #oneByOne = limit(1);

  constructor(client: VaultClient) {
    this.#client = client;
  }

  /** Returns the fields of a secret. @throws Refusal with a message that says what to do (403, 404), AgentError `secret` */
  async read(address: KvAddress, call: Call): Promise<JsonObject> {
    const known = this.#known(address.path);
    try {
      return await this.#readAt(known ?? (await this.#lookUp(address.path, call)), address, call);
    } catch (error) {
      if (!known || !(error instanceof Refusal)) throw error;
      // The mount may have been replaced by an engine of the other version.
      this.#mounts.delete(known.path);
      const mount = await this.#lookUp(address.path, call);
      if (!mount || (mount.path === known.path && mount.version === known.version)) throw error;
      return this.#readAt(mount, address, call);
    }
  }

  #known(path: string): Mount | undefined {
    return [...this.#mounts.values()].find((mount) => path.startsWith(`${mount.path}/`));
  }

  /** Undefined if the token has no right to look up mounts. One look-up at a time, so that one finds the mount for all that wait. */
  #lookUp(path: string, call: Call): Promise<Mount | undefined> {
    const run = async (): Promise<Mount | undefined> =>
      this.#known(path) ?? this.#lookUpOnce(path, call);
    return this.#oneByOne(run, call.signal);
  }

  /** `vault kv get` sends the same request to detect the version. */
  async #lookUpOnce(path: string, call: Call): Promise<Mount | undefined> {
    try {
      const answer = await this.#client.read(`sys/internal/ui/mounts/${encodePath(path)}`, call);
      const data = member(answer, "data");
      const mountPath = withoutTrailingSlashes(textMember(data, "path") ?? "");
      if (!path.startsWith(`${mountPath}/`) || mountPath === "") return undefined;
      const version = member(data, "options")["version"] === "2" ? 2 : 1;
      const mount = { path: mountPath, version } as const;
      this.#mounts.set(mountPath, mount);
      return mount;
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  async #readAt(mount: Mount | undefined, address: KvAddress, call: Call): Promise<JsonObject> {
    const { path, kvVersion } = address;
    if (mount) return this.#readVersion(kvVersion ?? mount.version, mount.path, address, call);
    const [first = ""] = path.split("/");
    if (kvVersion) return this.#readVersion(kvVersion, first, address, call);
    return this.#readVersion(2, first, address, call).catch(async (error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      const isDenied = error.status === 403;
      if (isDenied && call.token && !(await isTokenValid(this.#client, call.token, call.signal)))
        throw new Refusal(403, `${error.message}. Vault refuses the token everywhere`);
      return this.#readVersion(1, first, address, call).catch((other: unknown) => {
        if (!(other instanceof Refusal)) throw other;
        // A 404 as version 2 is a better hint than a 403 as version 1.
        if (error.status === 404) throw error;
        throw isDenied && other.status === 403
          ? new Refusal(
              403,
              `${error.message}. If the KV engine has version 1, the path is ${path}`,
            )
          : other;
      });
    });
  }

  async #readVersion(
    kvVersion: KvVersion,
    mount: string,
    { path, version }: KvAddress,
    call: Call,
  ): Promise<JsonObject> {
    if (kvVersion === 1 && version !== undefined)
      throw new AgentError(
        "secret",
        `the KV engine at ${mount}/ has version 1, which keeps no versions of a secret: leave version out`,
      );
    const rest = path.slice(mount.length + 1);
    const at = kvVersion === 1 ? path : `${mount}/data/${rest}`;
    const query = version === undefined ? "" : `?version=${version}`;
    try {
      const answer = await this.#client.read(encodePath(at) + query, call);
      const data = member(answer, "data");
      if (kvVersion === 1) return data;
      if (data["data"] === null) throw new Refusal(404, "", answer);
      return member(data, "data");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Refusal(error.status, explain(error, kvVersion, at, rest));
    }
  }
}

/** The message of a refusal, with a hint. */
function explain(refusal: Refusal, kvVersion: KvVersion, at: string, rest: string): string {
  const { status, message } = refusal;
  const hint = kvVersion === 2 && rest.startsWith("data/") ? "; leave data/ out of the path" : "";
  if (status === 403)
    return `access is denied (403): a policy of the token must allow "read" on ${at}, and the token must be valid${hint}`;
  if (status !== 404) return message;
  if (kvVersion === 1) return `there is no such secret (404 at ${at})`;
  const metadata = member(member({ body: refusal.body }, "body"), "data")["metadata"];
  if (metadata !== undefined)
    return `this version of the secret is deleted or destroyed (404 at ${at}): undelete it, or write a new one`;
  return `there is no such secret (404 at ${at})${hint}`;
}
