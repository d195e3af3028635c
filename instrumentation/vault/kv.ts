import { AgentError } from "../core/error.ts";
import type { Call, VaultClient } from "./client.ts";
import { member } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { encodePath } from "../core/encode-path.ts";
import { Refusal } from "./refusal.ts";

type KvVersion = 1 | 2;

/** A secret in a KV engine, whatever its version. */
export interface KvAddress {
  /** `mount/path`; it has no problem. */
  readonly path: string;
  /** Of the secret; undefined for the newest. Version 1 of the engine keeps none. */
  readonly version?: number | undefined;
  /** Of the engine; undefined: found out. */
  readonly kvVersion?: KvVersion | undefined;
}

/** Where an engine is mounted, without slashes at its ends. */
interface Mount {
  readonly path: string;
  readonly version: KvVersion;
}

/** Reads secrets of KV engines at any mount. */
export class KvReader {
  readonly #client: VaultClient;
  readonly #mounts = new Map<string, Mount>();
  readonly #lookups = new Map<string, Promise<Mount | undefined>>();

  constructor(client: VaultClient) {
    this.#client = client;
  }

  /** The fields of a secret. @throws Refusal 403 or 404 that says what to do, AgentError `secret` */
  async read(address: KvAddress, call: Call): Promise<JsonObject> {
    const known = this.#known(address.path);
    try {
      return await this.#readAt(known ?? (await this.#lookUp(address.path, call)), address, call);
    } catch (error) {
      if (!known || !(error instanceof Refusal)) throw error;
      // Somebody may have put another engine there.
      this.#mounts.delete(known.path);
      const mount = await this.#lookUp(address.path, call);
      if (!mount || (mount.path === known.path && mount.version === known.version)) throw error;
      return this.#readAt(mount, address, call);
    }
  }

  #known(path: string): Mount | undefined {
    return [...this.#mounts.values()].find((mount) => path.startsWith(`${mount.path}/`));
  }

  /** Undefined if this token may not ask. Those who look below the same first part at once wait for one of them. */
  async #lookUp(path: string, call: Call): Promise<Mount | undefined> {
    const [first = ""] = path.split("/");
    const running = this.#lookups.get(first);
    if (running) {
      await running.catch(() => {});
      const known = this.#known(path);
      if (known) return known;
    }
    const lookup = this.#lookUpOnce(path, call);
    this.#lookups.set(first, lookup);
    return lookup;
  }

  /** What Vault's own command does before it reads. */
  async #lookUpOnce(path: string, call: Call): Promise<Mount | undefined> {
    try {
      const answer = await this.#client.read(`sys/internal/ui/mounts/${encodePath(path)}`, call);
      const data = member(answer, "data");
      const mountPath = typeof data["path"] === "string" ? data["path"].replace(/\/+$/, "") : "";
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
      return this.#readVersion(1, first, address, call).catch((other: unknown) => {
        // A secret that is missing in the one engine says more than a denial in the other.
        throw other instanceof Refusal && error.status === 404 ? error : other;
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
        `KV version 1 at ${mount}/ keeps no versions: leave version out`,
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

/** What to do about it. */
function explain(refusal: Refusal, kvVersion: KvVersion, at: string, rest: string): string {
  const { status, message } = refusal;
  if (status === 403)
    return `access is denied (403): a policy of the token must allow "read" on ${at}, and the token must be valid`;
  if (status !== 404) return message;
  if (kvVersion === 1) return `there is no such secret (404 at ${at})`;
  const metadata = member(member({ body: refusal.body }, "body"), "data")["metadata"];
  if (metadata !== undefined)
    return `this version of it is deleted or destroyed (404 at ${at}): undelete it, or write a new one`;
  const hint = rest.startsWith("data/") ? "; leave data/ out of the path" : "";
  return `there is no such secret (404 at ${at})${hint}`;
}
