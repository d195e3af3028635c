// The pictures of the README: the status page of the demo, light and dark. `npm run screenshots`, with Chromium installed.
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { chromium } from "playwright-core";

import { CHROMIUM } from "../support/agent/peers.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "docs/images");
const ADDRESS = "127.0.0.1:9129";
const WIDTH = 1100;
const HEIGHT = 860;

const demo = spawn(
  process.execPath,
  ["--conditions=source", join(ROOT, "examples/demo.ts"), "--bind", ADDRESS],
  { stdio: "ignore" },
);
try {
  await ready();
  await mkdir(FOLDER, { recursive: true });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
  });
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({
      colorScheme,
      viewport: { width: WIDTH, height: HEIGHT },
    });
    await page.goto(`http://${ADDRESS}/`);
    await page.screenshot({ path: join(FOLDER, `status-${colorScheme}.png`), fullPage: true });
    await page.close();
  }
  await browser.close();
} finally {
  demo.kill("SIGTERM");
}

async function ready(): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = await fetch(`http://${ADDRESS}/-/ready`).catch(() => undefined);
    if (answer?.ok === true) return;
    await sleep(100);
  }
  throw new Error(`the demo does not answer at ${ADDRESS}`);
}
