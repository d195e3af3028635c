/**
 * Lists a folder of a place twice: `list-once.ts PLACE URL keys`, or `data` in parts and with sizes, by these prefixes. Prints the
 * outcome of the second listing, the memory that it took at its peak, the memory that its names keep, and its CPU time.
 */
import type { ListedFiles } from "../../instrumentation/backends/backend.ts";
import { failureOf } from "../support/core/failure.ts";
import { HTTP_PLACES } from "../support/backends/http-places.ts";
import { listFiles } from "../../instrumentation/restic/repository/listing.ts";

const [, , name = "", url = "", type = "keys", ...prefixes] = process.argv;
const place = HTTP_PLACES[name];
if (!place) throw new Error(`no place ${name}`);
const backend = await place.open({ url }, {});
const { signal } = new AbortController();

/** They stay alive until their memory was measured. */
let kept: readonly string[] = [];

async function list(): Promise<string> {
  if (type !== "data") {
    kept = (await backend.list("keys", undefined, signal)).names;
    return `${kept.length} names`;
  }
  let files = 0;
  let bytes = 0;
  const found = ({ names, sizes = [] }: ListedFiles): void => {
    files += names.length;
    for (const size of sizes) bytes += size;
  };
  for (const prefix of prefixes.length > 0 ? prefixes : [undefined])
    await listFiles(backend, "data", { found, onPart: found, sizes: true, prefix }, signal);
  return `${files} packs of ${bytes} bytes`;
}

// Loads all modules.
await failureOf(list());
const before = process.memoryUsage.rss();
const cpu = process.cpuUsage();
const outcome = await list().catch(String);
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024 - before / 2 ** 20);
const { user, system } = process.cpuUsage(cpu);
const cpuSeconds = (user + system) / 1e6;
process.stdout.write(JSON.stringify({ outcome, megabytes, keptBytes: keptBytes(), cpuSeconds }));

/** The memory of the names; NaN without `--expose-gc`. */
function keptBytes(): number {
  if (!gc) return Number.NaN;
  gc();
  const withNames = process.memoryUsage().heapUsed;
  kept = [];
  gc();
  return withNames - process.memoryUsage().heapUsed;
}
