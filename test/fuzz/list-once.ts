/** Lists `keys/` of a place twice: `list-once.ts PLACE URL`. Prints the outcome of the second listing and the memory that it took. */
import { failureOf } from "../support/core/failure.ts";
import { HTTP_PLACES } from "../support/backends/http-places.ts";

const [, , name = "", url = ""] = process.argv;
const place = HTTP_PLACES[name];
if (!place) throw new Error(`no place ${name}`);
const backend = await place.open({ url }, {});
const { signal } = new AbortController();

// Loads all modules.
await failureOf(backend.list("keys", undefined, signal));
const before = process.memoryUsage.rss();
const outcome = await backend.list("keys", undefined, signal).then(
  ({ names }) => `${names.length} names`,
  (error: unknown) => String(error),
);
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024 - before / 2 ** 20);
process.stdout.write(JSON.stringify({ outcome, megabytes }));
