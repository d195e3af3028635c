import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { freeAddress } from "./free-address.ts";
import { startServer, type Server } from "./server.ts";

const run = promisify(execFile);

/** The account of the only user. */
export const SWIFT_ACCOUNT = "AUTH_test";

const LOGIN = { ST_USER: "test:tester", ST_KEY: "testing-key" } as const;

/** What a repository needs to be read there. */
export function swiftLoginOf({ url }: Pick<Server, "url">): Record<string, string> {
  return { ST_AUTH: `${url}/auth/v1.0`, ...LOGIN };
}

const FILTERS = ["catch_errors", "healthcheck", "bulk", "slo", "dlo"] as const;

/** Starts OpenStack's Swift on one node: one server each for accounts, containers and objects, a proxy with TempAuth, and memcached. */
export async function startSwift(folder: string): Promise<Server> {
  await mkdir(join(folder, "node/sda"), { recursive: true });
  const write = (name: string, lines: readonly string[]): Promise<void> =>
    writeFile(join(folder, name), lines.join("\n"));
  await write("swift.conf", [
    "[swift-hash]",
    "swift_hash_path_prefix = a",
    "swift_hash_path_suffix = b",
    "[storage-policy:0]",
    "name = gold",
    "default = yes",
  ]);
  const servers: Server[] = [];
  const start = async (command: string, args: readonly string[], at: string): Promise<Server> => {
    const server = await startServer({
      command,
      args,
      // None of them says that it listens.
      announces: /^()/,
      url: () => `http://${at}`,
      ready: async (url) => (await fetch(`${url}/healthcheck`)).status > 0,
    });
    servers.push(server);
    return server;
  };

  for (const type of ["account", "container", "object"]) {
    const at = await freeAddress();
    const [host, port] = at.split(":");
    await write(`${type}.conf`, [
      ...common(folder, at),
      `devices = ${folder}/node`,
      "mount_check = false",
      "fallocate_reserve = 0",
      "[pipeline:main]",
      `pipeline = healthcheck ${type}-server`,
      "[filter:healthcheck]",
      "use = egg:swift#healthcheck",
      `[app:${type}-server]`,
      `use = egg:swift#${type}`,
    ]);
    await ring(folder, type, `r1z1-${host}:${port}/sda`);
    await start(`swift-${type}-server`, [join(folder, `${type}.conf`)], at);
  }

  const cache = await freeAddress();
  const [, cachePort = ""] = cache.split(":");
  const memcached = await startServer({
    command: "memcached",
    args: ["-u", "nobody", "-l", "127.0.0.1", "-p", cachePort],
    announces: /^()/,
    url: () => cache,
  });
  servers.push(memcached);

  const at = await freeAddress();
  await write("proxy.conf", [
    ...common(folder, at),
    "[pipeline:main]",
    "pipeline = catch_errors healthcheck cache bulk tempauth slo dlo proxy-server",
    "[app:proxy-server]",
    "use = egg:swift#proxy",
    "account_autocreate = true",
    ...FILTERS.flatMap((name) => [`[filter:${name}]`, `use = egg:swift#${name}`]),
    "[filter:tempauth]",
    "use = egg:swift#tempauth",
    `user_test_tester = ${LOGIN.ST_KEY} .admin`,
    "[filter:cache]",
    "use = egg:swift#memcache",
    `memcache_servers = ${cache}`,
  ]);
  const proxy = await start("swift-proxy-server", [join(folder, "proxy.conf")], at);
  return {
    ...proxy,
    stop: async () => {
      for (const server of servers.toReversed()) await server.stop();
    },
  };
}

function common(folder: string, address: string): readonly string[] {
  const [host, port] = address.split(":");
  return [
    "[DEFAULT]",
    `bind_ip = ${host}`,
    `bind_port = ${port}`,
    "workers = 0",
    "user = root",
    `swift_dir = ${folder}`,
    "log_level = WARN",
  ];
}

async function ring(folder: string, type: string, device: string): Promise<void> {
  const build = (...args: readonly string[]): Promise<unknown> =>
    run("swift-ring-builder", [`${type}.builder`, ...args], { cwd: folder });
  await build("create", "4", "1", "0");
  await build("add", device, "1");
  // Exit code 1: nothing more could be spread, there is one device.
  await build("rebalance").catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === 1)) throw error;
  });
}
