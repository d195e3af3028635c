// `npm run bench:polls [-- --write]`: the S3 requests of one poll of a repository, compared with programs that call or embed restic.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { replaceBetween } from "../../house/docs.ts";
import { SCALE_README } from "../../house/scale-costs.ts";
import { CountingProxy } from "../../support/http/counting-proxy.ts";
import { peerPath } from "../../support/agent/peers.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import { S3_KEYS, startVersitygw } from "../../support/stores/s3-server.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import { collect } from "../processes/agent.ts";
import { figure, run } from "../measure.ts";
import { CHEAP_SCRYPT, PASSWORD, SCRYPT, writeRepository } from "../repositories.ts";

const SNAPSHOTS = 100;
const SETS = 10;
const RUNS = 3;
/** Repositories that the agent polls in one collection. */
const REPOSITORIES = 100;
/** Repositories of one of five shards of 10,000. */
const IN_A_SHARD = 2000;

/** One poll of one repository. */
interface Poll {
  readonly lists: number;
  readonly reads: number;
  readonly writes: number;
  readonly deletes: number;
  readonly receivedKib: number;
  readonly cpuSeconds: number;
  readonly peakMib: number;
}

/** The calls of restic that each program makes for a repository, from its source code. */
const OTHERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "`restic snapshots` only": [["--no-lock", "snapshots", "--json"]],
  "ngosang/restic-exporter": [
    ["--no-lock", "snapshots", "--json"],
    ["--no-lock", "snapshots", "--json", "--latest", "1", "--group-by", "host,paths"],
    ["--no-lock", "stats", "--json", "--mode", "raw-data"],
    ["--no-lock", "check"],
    ["--no-lock", "list", "locks"],
  ],
  // Embeds restic's code: opens and locks the repository, and reads all snapshots without a cache.
  "mcrute/restic-reporter": [["--no-cache", "snapshots", "--json"]],
};

const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
const server = await startVersitygw({ path: join(folder, "s3") });
const proxy = await CountingProxy.start(server.url);
const lines = [
  "| one poll of a repository | processes | lists | reads | writes | deletes | KiB received | CPU s | peak MiB |",
  "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
];
try {
  const bucket = join(folder, "s3/backups");
  await mkdir(bucket, { recursive: true });
  lines.push(row("restic-otel", 0, await ours(bucket)));
  await writeReal(join(bucket, "repo"));
  for (const [name, calls] of Object.entries(OTHERS))
    lines.push(row(name, calls.length, await theirs(calls)));
} finally {
  await proxy.stop();
  await server.stop();
  await rm(folder, { recursive: true });
}
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node.js ${process.version}`;
const note = `A repository of ${SNAPSHOTS} snapshots of one small folder on versitygw, with warm caches. CPU and memory are medians of ${RUNS} runs. The agent polled ${REPOSITORIES} such repositories: its CPU time is that of one, its memory that of all, including the first collection. The shard was measured once, on the local disk. ${new Date().toISOString().slice(0, 10)}, ${machine}.\n`;
const table = `${lines.join("\n")}\n\n${await shard()}\n${note}`;
process.stdout.write(table);
if (process.argv.includes("--write"))
  await writeFile(
    SCALE_README,
    replaceBetween(await readFile(SCALE_README, "utf8"), "polls", table),
  );

/** Writes a repository that passes restic check: one backup of a folder by restic, and further snapshots of its tree. */
async function writeReal(path: string): Promise<void> {
  const sealed = new SealedRepository(PASSWORD, 2, SCRYPT);
  await repositoryFolder(sealed.files, path);
  const options = { repo: path, password: PASSWORD };
  await restic(["backup", "--host", "host-0", join(import.meta.dirname)], options);
  const [first]: readonly { readonly tree: string }[] = JSON.parse(
    await restic(["snapshots", "--json"], options),
  );
  for (let index = 1; index < SNAPSHOTS; index++)
    sealed.addSnapshot({
      ...first,
      hostname: `host-${index % SETS}`,
      time: new Date(Date.UTC(2025, 0, 1) + index * 3_600_000).toISOString(),
    });
  await repositoryFolder(sealed.files, path);
}

async function ours(bucket: string): Promise<readonly Poll[]> {
  for (let index = 0; index < REPOSITORIES; index++)
    writeRepository(join(bucket, String(index)), SNAPSHOTS, SETS, CHEAP_SCRYPT);
  const urls = Array.from(
    { length: REPOSITORIES },
    (_, index) => `s3:${proxy.url}/backups/${index}`,
  );
  const polls: Poll[] = [];
  for (let index = 0; index < RUNS; index++) {
    const before = proxy.asked.length;
    const options = { password: PASSWORD, urls, environment: S3_KEYS };
    const [, second] = await collect(options);
    if (second.snapshots !== REPOSITORIES * SNAPSHOTS)
      throw new Error("the agent did not read all snapshots");
    // The requests of the second collection are the last ones.
    const asked = proxy.asked.slice(before).slice(-second.requests);
    polls.push({
      ...counted(asked, REPOSITORIES),
      receivedKib: second.receivedBytes / 1024 / REPOSITORIES,
      cpuSeconds: second.cpuSeconds / REPOSITORIES,
      peakMib: second.peakBytes / 2 ** 20,
    });
  }
  return polls;
}

async function theirs(calls: readonly (readonly string[])[]): Promise<readonly Poll[]> {
  const polls: Poll[] = [];
  // The first round fills the cache.
  for (let index = 0; index <= RUNS; index++) {
    const before = proxy.asked.length;
    const receivedBefore = proxy.receivedBytes;
    let [cpuSeconds, peakBytes] = [0, 0];
    for (const args of calls) {
      const one = await run(peerPath("restic"), args, {
        ...S3_KEYS,
        RESTIC_REPOSITORY: `s3:${proxy.url}/backups/repo`,
        RESTIC_PASSWORD: PASSWORD,
        HOME: folder,
        RESTIC_CACHE_DIR: join(folder, "cache"),
      });
      cpuSeconds += one.cpuSeconds;
      peakBytes = Math.max(peakBytes, one.peakBytes);
    }
    if (index === 0) continue;
    polls.push({
      ...counted(proxy.asked.slice(before), 1),
      receivedKib: (proxy.receivedBytes - receivedBefore) / 1024,
      cpuSeconds,
      peakMib: peakBytes / 2 ** 20,
    });
  }
  return polls;
}

/** A table of an agent with the repositories of one shard. They are symbolic links to one repository, which makes no difference to the agent. */
async function shard(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  try {
    const path = join(place, "repository");
    writeRepository(path, SNAPSHOTS, SETS, CHEAP_SCRYPT);
    const urls = Array.from({ length: IN_A_SHARD }, (_, index) => join(place, String(index)));
    for (const url of urls) await symlink(path, url);
    const [first, later] = await collect({ password: PASSWORD, urls });
    const cells = [
      `restic-otel, ${IN_A_SHARD} repositories`,
      first.seconds.toFixed(0),
      later.seconds.toFixed(1),
      later.cpuSeconds.toFixed(1),
      (later.peakBytes / 2 ** 20).toFixed(0),
    ];
    return `| a shard | first collection, s | a later one, s | CPU s of that | peak MiB |\n| --- | --: | --: | --: | --: |\n| ${cells.join(" | ")} |\n`;
  } finally {
    await rm(place, { recursive: true });
  }
}

/** Requests by their price class, divided by the number of repositories. */
function counted(
  requests: readonly string[],
  repositories: number,
): Pick<Poll, "lists" | "reads" | "writes" | "deletes"> {
  const count = (pattern: RegExp): number =>
    requests.filter((request) => pattern.test(request)).length / repositories;
  return {
    lists: count(/^GET .*[?&]list-type=/),
    reads: count(/^(HEAD |GET (?!.*[?&]list-type=))/),
    writes: count(/^(PUT|POST) /),
    deletes: count(/^DELETE /),
  };
}

function row(name: string, processes: number, polls: readonly Poll[]): string {
  const median = (of: keyof Poll): number => figure(polls.map((poll) => poll[of])).median;
  const cells = [
    name,
    processes,
    median("lists"),
    median("reads"),
    median("writes"),
    median("deletes"),
    median("receivedKib").toFixed(0),
    median("cpuSeconds").toFixed(4),
    median("peakMib").toFixed(0),
  ];
  return `| ${cells.join(" | ")} |`;
}
