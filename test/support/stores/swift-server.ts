import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { freeAddress } from "../core/free-port.ts";
import { startServer, type Server } from "../http/server.ts";

const run = promisify(execFile);

/** The user that owns the account. */
export const SWIFT_ACCOUNT = "AUTH_test";

const LOGIN = { ST_USER: "test:tester", ST_KEY: "testing-key" } as const;

/** The variables for this account. */
export function swiftLoginOf({ url }: Pick<Server, "url">): Record<string, string> {
  return { ST_AUTH: `${url}/auth/v1.0`, ...LOGIN };
}

const FILTERS = ["catch_errors", "healthcheck", "bulk", "slo", "dlo"] as const;

/** A user with only the permissions of a container's access list. */
export const SWIFT_READER = { ST_USER: "test:reader", ST_KEY: "reader-key" } as const;

/** Starts OpenStack Swift on one node: account, container and object server, a proxy with TempAuth, and memcached. */
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
      // The servers do not print that they listen.
      announces: /^()/,
      url: () => `http://${at}`,
      ready: async (url) => (await fetch(`${url}/healthcheck`)).status > 0,
    });
    servers.push(server);
    return server;
  };

  const addresses = new Map<string, string>();
  for (const type of ["account", "container", "object"]) addresses.set(type, await freeAddress());
  const portOf = (address: string): string => address.split(":")[1] ?? "";
  await rings(folder, Object.fromEntries([...addresses].map(([type, at]) => [type, portOf(at)])));
  const storage = [...addresses].map(async ([type, at]) => {
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
    await start(`swift-${type}-server`, [join(folder, `${type}.conf`)], at);
  });
  await Promise.all(storage);

  const cache = await freeAddress();
  const memcached = await startServer({
    command: "memcached",
    args: ["-u", "nobody", "-l", "127.0.0.1", "-p", portOf(cache)],
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
    `user_test_reader = ${SWIFT_READER.ST_KEY}`,
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

/** Builds all rings in one process: swift-ring-builder needs three for each ring, and each loads all of Swift. */
async function rings(folder: string, ports: Readonly<Record<string, string>>): Promise<void> {
  await run("/usr/bin/python3", ["-c", RINGS, JSON.stringify(ports)], { cwd: folder });
}

const RINGS = `
import json, sys
from swift.common.ring.builder import RingBuilder
for name, port in json.loads(sys.argv[1]).items():
    at = {"ip": "127.0.0.1", "port": int(port)}
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({"region": 1, "zone": 1, "device": "sda", "weight": 1, "meta": "",
        "replication_ip": at["ip"], "replication_port": at["port"], **at})
    builder.rebalance()
    builder.get_ring().save(name + ".ring.gz")
`;
