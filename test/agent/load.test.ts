import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import { Scraper } from "../support/otlp/scraper.ts";
import { until } from "../support/core/until.ts";

const SETTINGS = [
  {
    repo: join(import.meta.dirname, "../../examples/repositories/web"),
    password: "web-password",
  },
];

test("a stop under load answers every scrape that has arrived", async () => {
  const agent = await startAgent(SETTINGS);
  onTestFinished(() => agent.stop());
  await agent.collect();
  const scrapers = Array.from(
    { length: 24 },
    (_, index) => new Scraper(agent.url, { keepAlive: index % 3 > 0, asksAgain: false }),
  );
  const ended = Promise.all(scrapers.map((one) => one.runWhileAnswered()));
  await until("load", () => scrapers.every(({ endings }) => endings.length >= 10));
  // While stopped by SIGSTOP, the agent reads no requests and accepts no new connections.
  agent.kill("SIGSTOP");
  let seen = "";
  await until("an unanswered scrape of each scraper", () => {
    const before = seen;
    seen = scrapers.map(({ endings, waiting }) => `${endings.length} ${waiting}`).join();
    return seen === before && scrapers.every(({ waiting }) => waiting);
  });
  const asked = scrapers.map(({ endings }) => endings.length);
  agent.kill("SIGTERM");
  agent.kill("SIGCONT");
  await ended;
  expect(scrapers.map(({ endings }, index) => endings[asked[index] ?? -1])).toEqual(
    scrapers.map(() => 200),
  );
  // No response is incomplete or has another status; later scrapes find a closed port or connection.
  for (const { endings } of scrapers)
    expect(["ECONNREFUSED", "ECONNRESET", "EPIPE"]).toContain(endings.at(-1));
  expect(await agent.exit).toBe(0);
});

const HALF_OPEN = 500;
const SCRAPES = 50;

test("every scrape is answered despite 500 connections with half a request each", async () => {
  const agent = await startAgent(SETTINGS);
  onTestFinished(() => agent.stop());
  await agent.collect();
  const { hostname, port } = new URL(agent.url);
  const halves = Array.from({ length: HALF_OPEN }, () => connect(Number(port), hostname));
  onTestFinished(() => halves.forEach((half) => void half.destroy()));
  await Promise.all(halves.map(sendHalf));
  // More connections than the maximum, kept ones and new ones.
  const scrapers = Array.from(
    { length: 24 },
    (_, index) => new Scraper(agent.url, { keepAlive: index % 2 === 0, asksAgain: false }),
  );
  await Promise.all(scrapers.map((one) => one.run(() => one.endings.length < SCRAPES)));
  const endings = scrapers.flatMap((one) => one.endings);
  expect(endings).toHaveLength(24 * SCRAPES);
  expect(new Set(endings)).toEqual(new Set([200]));
});

async function sendHalf(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "connect");
  socket.write("GET /metrics HTTP/1.1\r\nHost: agent\r\nX-Slow: ");
}
