import type { RepositoryFiles } from "../repository/sealed-repository.ts";

const SIDE_BY_SIDE = 16;

/** Uploads all files, some in parallel. @throws Error for the first that is rejected */
export async function putObjects(
  files: RepositoryFiles,
  put: (name: string, bytes: Uint8Array<ArrayBuffer>) => Promise<Response>,
): Promise<void> {
  const queue = files.entries();
  async function worker(): Promise<void> {
    for (const [name, bytes] of queue) {
      const response = await put(name, Uint8Array.from(bytes));
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${name} is rejected: ${response.status}`);
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
}
