import { readFileSync } from "node:fs";

/** The version of the program. */
export interface Build {
  readonly version: string;
  /** The commit if the program runs from a checkout, else `unknown`. */
  readonly revision: string;
}

export function readBuild(): Build {
  const manifest: unknown = JSON.parse(read("package.json") ?? "{}");
  const version =
    typeof manifest === "object" && manifest && "version" in manifest
      ? String(manifest.version)
      : "unknown";
  return { version, revision: revision() };
}

/** The output of `--version`. */
export function versionLine({ version, revision: commit }: Build): string {
  return `restic-otel ${version} (${commit}, Node.js ${process.version})\n`;
}

/** `.git/HEAD` contains a commit, or a reference to the file that contains it. */
function revision(): string {
  const head = read(".git/HEAD")?.trim() ?? "";
  const commit = head.startsWith("ref: ") ? read(`.git/${head.slice(5)}`)?.trim() : head;
  return commit && /^[0-9a-f]{40,64}$/.test(commit) ? commit : "unknown";
}

function read(path: string): string | undefined {
  try {
    return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  } catch {
    return undefined;
  }
}
