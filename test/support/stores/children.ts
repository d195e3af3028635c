import { readFile, readdir } from "node:fs/promises";

/** The processes that this one has started and that are not gone, zombies included; none where that is not told (not Linux). */
export async function children(): Promise<readonly number[]> {
  const tasks = await readdir("/proc/self/task").catch(() => []);
  const lists = tasks.map((task) => readFile(`/proc/self/task/${task}/children`, "utf8"));
  return (await Promise.all(lists)).flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}

/** Those that were started since: of the ones before, some may still be ending. */
export async function childrenSince(before: readonly number[]): Promise<readonly number[]> {
  return (await children()).filter((pid) => !before.includes(pid));
}
