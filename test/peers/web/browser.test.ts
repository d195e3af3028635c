import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { CHROMIUM, CHROMIUM_ARGS, requireChromium } from "../../support/agent/peers.ts";
import { EVIL, PAGE_STATES, statusOf } from "../../support/web/page-states.ts";
import { serveStatus } from "../../support/web/status-server.ts";

/** Folder for screenshots of every state of the page. Default: none are taken. */
const PICTURES = process.env["RESTIC_OTEL_PICTURES"];
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Unfolds all parts of the page. */
const OPEN_ALL = `document.querySelectorAll("details").forEach((one) => (one.open = true))`;

const VIEWS: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", { colorScheme: "light", viewport: { width: 1280, height: 800 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 800 } }],
  ["phone", { colorScheme: "light", viewport: { width: 390, height: 800 } }],
  ["dark phone", { colorScheme: "dark", viewport: { width: 390, height: 800 } }],
];

describe.skipIf(!requireChromium())("the status page in Chromium", () => {
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
  beforeEach(() => {
    server.show(statusOf("failing"));
  });

  /** Opens a page and records its errors, and its requests to other hosts. */
  async function open(
    link = "",
    options: BrowserContextOptions = {},
  ): Promise<Page & { faults: string[] }> {
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith("data:"))
        faults.push(`requested ${request.url()}`);
    });
    await page.goto(server.url + link);
    return Object.assign(page, { faults });
  }

  const cases = Object.keys(PAGE_STATES).flatMap((name) =>
    // axe is slow with 200 rows: one view only.
    (name === "many" ? VIEWS.slice(2, 3) : VIEWS).map(
      ([view, options]) => [name, view, options] as const,
    ),
  );

  test.for(cases)(
    "%s, %s: axe finds no violation, the page fits its width, and it requests nothing from other hosts",
    async ([name, view, options]) => {
      server.show(statusOf(name));
      const page = await open("", options);
      await page.evaluate(OPEN_ALL);
      // By DevTools: the page's Content-Security-Policy blocks injected scripts.
      const session = await page.context().newCDPSession(page);
      const source = await readFile(AXE, "utf8");
      await session.send("Runtime.evaluate", { expression: source });
      const { result } = await session.send("Runtime.evaluate", {
        expression: `axe.run({ resultTypes: ["violations"] }).then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.length, nodes[0].html])))`,
        awaitPromise: true,
      });
      expect(result.value).toBe("[]");
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      expect(page.faults).toEqual([]);
      if (PICTURES === undefined) return;
      await mkdir(PICTURES, { recursive: true });
      await page.screenshot({
        path: join(PICTURES, `${name}-${view}.png`),
        fullPage: name !== "many",
      });
    },
  );

  test("every state has its own colours and border", async () => {
    const page = await open();
    const colours = await page.evaluate<readonly string[]>(`
      [...document.querySelectorAll("span.state")].map((one) => {
        const { color, backgroundColor, borderTopStyle } = getComputedStyle(one);
        return [one.textContent, color, backgroundColor, borderTopStyle].join(" ");
      })`);
    const words = colours.map((colour) => colour.replace(/ rgb.*/, ""));
    expect(words.join()).toBe("failing,damaged,never collected,fine,late,failing,ok,ok");
    expect(new Set(colours.slice(0, 5)).size).toBe(5);
  });

  test.for(["odd", "failing", "hostile", "expected", "odd expectations", "hostile expectations"])(
    "%s: on a phone a set and an expectation have at most three lines, and no table scrolls sideways",
    async (name) => {
      server.show(statusOf(name));
      const page = await open("", { viewport: { width: 390, height: 800 } });
      const rows = await page.evaluate<readonly { lines: number; highest: number }[]>(`
        ${OPEN_ALL},
        [...document.querySelectorAll(".sets tbody tr, .expectations tbody tr")].map((row) => {
          const cells = [...row.children].map((cell) => cell.getBoundingClientRect()).filter(({ width }) => width > 0);
          const centers = new Set(cells.map(({ top, bottom }) => Math.round((top + bottom) / 20)));
          return { lines: centers.size, highest: Math.max(...cells.map(({ height }) => height)) };
        })`);
      expect(rows.length).toBeGreaterThan(0);
      expect(Math.max(...rows.map(({ lines }) => lines))).toBe(3);
      // One line of text is 23 px high.
      expect(Math.max(...rows.map(({ highest }) => highest))).toBeLessThan(40);
      expect(
        await page.evaluate(
          `[...document.querySelectorAll(".scroll")].every((one) => one.scrollWidth <= one.clientWidth)`,
        ),
      ).toBe(true);
    },
  );

  test("folded parts open by keyboard and stay open when the page is refreshed", async () => {
    server.show(statusOf("expected"));
    const page = await open();
    const rows = page.locator("#retired tbody tr");
    expect(await rows.first().isVisible()).toBe(false);
    await page.locator("#retired summary").focus();
    await page.keyboard.press("Enter");
    expect(await rows.first().isVisible()).toBe(true);
    await page.evaluate("document.querySelector('#retired').className = 'before'; refresh()");
    expect(await page.locator(".before").count()).toBe(0);
    expect(await rows.first().isVisible()).toBe(true);
    expect(await page.locator("#met tbody tr").first().isVisible()).toBe(false);
    expect(page.faults).toEqual([]);
  });

  test("names with markup are shown as text", async () => {
    server.show(statusOf("hostile"));
    const page = await open(`?q=${encodeURIComponent(EVIL.slice(0, 30))}`);
    expect(await page.title()).toMatch(/restic-otel$/);
    expect(await page.locator("img").count()).toBe(0);
    await page.getByRole("link", { name: "<img" }).last().click();
    expect(await page.locator("tbody").last().locator("tr").count()).toBe(1);
    expect(await page.title()).toMatch(/restic-otel$/);
    expect(page.faults).toEqual([]);
  });

  test("search, sort and filter work by keyboard", async () => {
    server.show(statusOf("late"));
    const page = await open();
    const hosts = (): Promise<readonly string[]> =>
      page.locator("section:last-of-type tbody th").allInnerTexts();
    expect(await hosts()).toEqual(["web-2", "web-22", "web-1"]);
    await page.getByRole("searchbox").focus();
    await page.keyboard.type("WEB-2");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/?q=WEB-2");
    expect(await hosts()).toEqual(["web-2", "web-22"]);
    await page.getByRole("link", { name: "web-2", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL("**host=web-2&**");
    expect(await hosts()).toEqual(["web-2"]);
    await page.getByRole("link", { name: "Show all" }).click();
    await page.getByRole("columnheader", { name: "Host" }).getByRole("link").click();
    expect(await hosts()).toEqual(["web-1", "web-2", "web-22"]);
    expect(await page.getByRole("columnheader", { name: "Host" }).getAttribute("aria-sort")).toBe(
      "ascending",
    );
    const outline = await page.evaluate(
      "document.querySelector('nav a').focus({ focusVisible: true }), getComputedStyle(document.activeElement).outlineStyle",
    );
    expect(outline).toBe("solid");
  });

  test("10,000 sets are paginated", async () => {
    server.show(statusOf("many"));
    const page = await open("?sort=host");
    await page.getByRole("link", { name: "Next" }).click();
    await page.waitForURL("**page=2");
    expect(await page.locator("section:last-of-type tbody th").first().innerText()).toBe(
      "host-00200",
    );
    expect(await page.getByText("page 2 of 50, 10,000 sets").count()).toBe(1);
  });

  test("the page is complete without JavaScript", async () => {
    const page = await open("", { javaScriptEnabled: false });
    await page.getByRole("link", { name: "/srv/nas" }).first().click();
    expect(await page.getByRole("row").count()).toBe(4);
  });
});
