import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

import { parseFlags } from "../../src/settings/flags.ts";

const ROOT = join(import.meta.dirname, "../..");

async function pages(): Promise<readonly (readonly [name: string, text: string])[]> {
  const docs = (await readdir(join(ROOT, "docs"))).filter((name) => name.endsWith(".md"));
  const names = ["README.md", "CONTRIBUTING.md", ...docs.map((name) => `docs/${name}`)];
  return Promise.all(
    names.map(async (name) => [name, await readFile(join(ROOT, name), "utf8")] as const),
  );
}

/** GitHub's anchor of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

test("the README has at most 200 lines and 10 KB, each page at most 300 lines", async () => {
  const all = await pages();
  const tooLong = all.filter(
    ([name, text]) => text.trimEnd().split("\n").length > (name === "README.md" ? 200 : 300),
  );
  expect(tooLong.map(([name]) => name)).toEqual([]);
  const [, readme = ""] = all.find(([name]) => name === "README.md") ?? [];
  expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(10 * 1024);
});

test("every relative link of a page leads to a file and a heading that exist", async () => {
  const broken: string[] = [];
  for (const [name, text] of await pages()) {
    const links = [
      ...text.matchAll(/\]\(([^)\s]+)\)/g),
      ...text.matchAll(/(?:src|srcset)="([^"]+)"/g),
    ].flatMap(([, link]) => (link === undefined || /^https?:/.test(link) ? [] : [link]));
    for (const link of links) {
      const [path = "", fragment] = link.split("#");
      const file = path === "" ? name : join(dirname(name), path);
      const exists = await access(join(ROOT, file)).then(
        () => true,
        () => false,
      );
      if (!exists) broken.push(`${name}: ${link}`);
      else if (fragment !== undefined) {
        const target = await readFile(join(ROOT, file), "utf8");
        const anchors = [...target.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
          anchor(heading),
        );
        if (!anchors.includes(fragment)) broken.push(`${name}: ${link}`);
      }
    }
  }
  expect(broken).toEqual([]);
});

test("every YAML and JSON block of a page parses", async () => {
  let count = 0;
  for (const [name, text] of await pages()) {
    for (const [, code = ""] of text.matchAll(/^ *```(?:ya?ml|json)\n([^]*?)^ *```/gm)) {
      count += 1;
      const errors = parseAllDocuments(code).flatMap((document) => document.errors);
      expect({ name, errors }).toEqual({ name, errors: [] });
    }
  }
  expect(count).toBeGreaterThan(5);
});

test("the agent accepts the flags of every command line of a page", async () => {
  const rejected: string[] = [];
  let count = 0;
  for (const [name, text] of await pages()) {
    const lines = [...text.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, code = ""]) =>
      code.split("\n"),
    );
    for (const line of lines) {
      const [, flags] =
        /(?:^|\s)(?:restic-otel|npm (?:run -s )?start --) (--?[a-z][^|>#]*)/.exec(line) ?? [];
      if (flags === undefined) continue;
      count += 1;
      try {
        parseFlags((flags.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', "")));
      } catch (error) {
        rejected.push(`${name}: ${line}: ${String(error)}`);
      }
    }
  }
  expect(rejected).toEqual([]);
  expect(count).toBeGreaterThan(8);
});

test("only the release page installs a package of this project by its name, which is not registered yet", async () => {
  const files = (
    await Promise.all(
      ["docs", "examples", "instrumentation", "."].map(async (folder) =>
        (await readdir(join(ROOT, folder), { recursive: folder !== "." }))
          .filter((file) => file.endsWith(".md"))
          .map((file) => join(folder, file)),
      ),
    )
  ).flat();
  const naming: string[] = [];
  for (const file of files) {
    const text = await readFile(join(ROOT, file), "utf8");
    if (/\b(?:npm (?:i|install|add)(?: \S+)*? |npx )restic-otel/.test(text)) naming.push(file);
  }
  expect(files.length).toBeGreaterThan(15);
  expect(naming).toEqual(["CONTRIBUTING.md"]);
});
