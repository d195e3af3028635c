import { afterEach, beforeEach, expect, test } from "vitest";

import { SECRET, VaultScene, WEB } from "../support/vault/vault-scene.ts";

/** Prints at exit whether node-vault is loaded. */
const PRELOAD = `--import=data:text/javascript,${encodeURIComponent(`
  import { createRequire } from "node:module";
  const { cache } = createRequire("/");
  process.on("exit", () => {
    const loaded = Object.keys(cache).filter((path) => path.includes("node-vault"));
    process.stderr.write("node-vault: " + (loaded.length > 0) + "\\n");
  });
`)}`;

let scene: VaultScene;

beforeEach(async () => {
  scene = await VaultScene.start();
});

afterEach(() => scene.stop());

test.for([
  ["not loaded if no secret refers to Vault", "web-password", false],
  ["loaded for the first secret in Vault", { vault: "secret/web", field: "key" }, true],
] as const)("node-vault is %s", async ([, password, loaded]) => {
  const { code, all } = await scene.run(["--once"], [{ repo: WEB, password }], {
    NODE_OPTIONS: PRELOAD,
  });
  expect(code).toBe(0);
  expect(all).toContain(`node-vault: ${loaded}\n`);
  expect(scene.vault.requests.length > 0).toBe(loaded);
  expect(all).not.toMatch(SECRET);
});
