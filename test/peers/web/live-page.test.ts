import { chromium } from "playwright-core";
import type { Browser, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { CHROMIUM, CHROMIUM_ARGS, requireChromium } from "../../support/agent/peers.ts";
import { statusFor } from "../../support/web/status.ts";
import { serveStatus } from "../../support/web/status-server.ts";

const SNAPSHOTS = [{ host: "web-1", user: "root", daysAgo: 0.1, addedBytes: 2 ** 30 }];
const GREEN = statusFor([
  { url: "/srv/a", snapshots: SNAPSHOTS },
  { url: "/srv/b", snapshots: SNAPSHOTS },
]);
const FAILING = statusFor([
  { url: "/srv/a", error: ["denied", "access denied (403)"], snapshots: SNAPSHOTS },
]);

describe.skipIf(!requireChromium())("an open status page", () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveStatus>>;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_ARGS] });
    server = await serveStatus();
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  /** A page with a clock of its own that shows a state. */
  async function openPage(state: Parameters<typeof server.show>[0]) {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.clock.install();
    server.show(state);
    await page.goto(server.url);
    return { context, page };
  }

  test("a new state appears without a reload, and the focus is kept", async () => {
    const { page } = await openPage(FAILING);
    await page.getByRole("columnheader", { name: "User" }).getByRole("link").focus();
    server.show(GREEN);
    await page.clock.runFor(31_000);
    await page.getByText("2 of 2 repositories fine").waitFor();
    expect(await page.title()).toBe("restic-otel");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("User");
  });

  test("an open page says that it has lost the agent, and recovers", async () => {
    const { context, page } = await openPage(GREEN);
    await context.setOffline(true);
    await page.clock.runFor(31_000);
    await page.getByText("No contact with the agent since").waitFor();
    expect(await page.locator("body.lost").count()).toBe(1);
    await context.setOffline(false);
    await page.clock.runFor(31_000);
    await page.locator("body:not(.lost)").waitFor();
    expect(await page.getByText("No contact").count()).toBe(0);
  });

  test.for([
    ["answers 503", (route: Route) => route.fulfill({ status: 503, body: "no" })],
    ["gives the page of a proxy", (route: Route) => route.fulfill({ body: "<p>Log in</p>" })],
    ["resets the connection", (route: Route) => route.abort("connectionreset")],
    ["never answers", () => {}],
  ] as const)("an agent that %s is no contact, until it answers again", async ([, answer]) => {
    const { context, page } = await openPage(GREEN);
    await context.route(server.url, answer);
    await page.clock.runFor(31_000);
    await page.clock.runFor(21_000);
    await page.getByText("No contact with the agent since").waitFor();
    expect(await page.locator("body.lost").count()).toBe(1);
    expect(await page.getByText("2 of 2 repositories fine").count()).toBe(1);
    await context.unroute(server.url);
    server.show(FAILING);
    await page.clock.runFor(31_000);
    await page.getByText("0 of 1 repository fine").waitFor();
    expect(await page.getByText("No contact").count()).toBe(0);
    expect(await page.locator("body.lost").count()).toBe(0);
  });

  test("a new state also appears while the user types, and the text stays", async () => {
    const { page } = await openPage(FAILING);
    await page.getByRole("searchbox").fill("web");
    server.show(GREEN);
    await page.clock.runFor(31_000);
    await page.getByText("2 of 2 repositories fine").waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("web");
    expect(await page.evaluate("document.activeElement.matches('input')")).toBe(true);
  });
});
