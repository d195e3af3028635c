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

test("each backend gets maxSnapshotSize, and a reload changes it", async () => {
  const sizes: unknown[] = [];
  const backends = {
    large: (
      _address: string,
      { maxSizeBytes }: { readonly maxSizeBytes: { readonly snapshots: number } },
    ) => {
      sizes.push(maxSizeBytes.snapshots);
      throw new AgentError("other", "is not opened");
    },
  };
  const repositories = [{ repo: "large:a", password: "p" }];
  const monitor = new Monitor(monitorSettings({ repositories, backends }), {
    clock: new FakeClock(),
    backends,
  });
  await monitor.collect();
  monitor.reload(monitorSettings({ repositories, backends, maxSnapshotSize: "16MiB" }));
  await monitor.collect();
  expect(sizes).toEqual([8_388_608, 16_777_216]);
  expect(() => monitorSettings({ repositories, backends, maxSnapshotSize: "1kB" })).toThrow(
    'maxSnapshotSize: "1kB": must be a size from 64KiB to 128MiB, like "8MiB"',
  );
});
