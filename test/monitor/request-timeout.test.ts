import { expect, onTestFinished, test } from "vitest";

import { monitorSettings } from "../../instrumentation/embedding/monitor-settings.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { until } from "../support/core/until.ts";
import { FaultServer, hang } from "../support/http/fault-server.ts";

test("a request ends with the collection, whatever its requestTimeout", async () => {
  const server = await FaultServer.start();
  onTestFinished(() => server.stop());
  server.answers(hang("before headers"));
  const repositories = [{ repo: `rest:${server.url}/`, password: "p", request_timeout: "10h" }];
  const monitor = new Monitor(monitorSettings({ repositories, timeout: "300ms" }));
  expect(await monitor.collect()).toMatchObject({ failed: 1, total: 1 });
  const [entry] = monitor.store.entries();
  expect(entry?.attempt.error).toMatchObject({
    code: "timeout",
    message: "no answer within 0.3s",
  });
  await until("the end of the request", () => server.requests.every(({ destroyed }) => destroyed));
});
