import { expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { monitorSettings } from "../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { FakeClock } from "../support/core/clock.ts";

test("each backend gets the requestTimeout of its entry, else that of the agent, and a reload changes it", async () => {
  const timeouts = new Map<string, number>();
  const backends = {
    slow: (address: string, { requestTimeoutMs }: { readonly requestTimeoutMs: number }) => {
      timeouts.set(address, requestTimeoutMs);
      throw new AgentError("other", "is not opened");
    },
  };
  const repositories = [
    { repo: "slow:a", password: "p" },
    { repo: "slow:b", password: "p", request_timeout: "1m30s" },
  ];
  const settings = (requestTimeout?: string): ReturnType<typeof monitorSettings> =>
    monitorSettings({ repositories, backends, ...(requestTimeout && { requestTimeout }) });
  const monitor = new Monitor(settings(), { clock: new FakeClock(), backends });
  await monitor.collect();
  expect(Object.fromEntries(timeouts)).toEqual({ a: 60_000, b: 90_000 });
  monitor.reload(settings("2s"));
  await monitor.collect();
  expect(Object.fromEntries(timeouts)).toEqual({ a: 2000, b: 90_000 });
});
