import { readFile, readdir } from "node:fs/promises";

/** The living child processes of this process, zombies included; none on systems other than Linux. */
export async function children(): Promise<readonly number[]> {
  const tasks = await readdir("/proc/self/task").catch(() => []);
  const lists = tasks.map((task) => readFile(`/proc/self/task/${task}/children`, "utf8"));
  return (await Promise.all(lists)).flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}

/** The child processes that were started since; older ones may still be ending. */
export async function childrenSince(before: readonly number[]): Promise<readonly number[]> {
  return (await children()).filter((pid) => !before.includes(pid));
}
