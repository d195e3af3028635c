import { expect, test } from "vitest";

import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { failureOf } from "../../support/core/failure.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";

test.for([
  ["azure:backups:/", "azure", "backups", ""],
  ["azure:backups:", "azure", "backups", ""],
  ["azure:backups:repo/", "azure", "backups", "repo"],
  ["gs:my.bucket_1:/a//b/./c/../d/", "gs", "my.bucket_1", "a/b/d"],
  ["gs:bucket:/../a", "gs", "bucket", "a"],
  // Nothing is decoded: it is no URL.
  ["gs:bucket:/a b%20ä:c?d#e", "gs", "bucket", "a b%20ä:c?d#e"],
  ["swift:a container:/", "swift", "a container", ""],
  ["swift:c:/x/y", "swift", "c", "x/y"],
] as const)("%s", ([repo, scheme, container, prefix]) => {
  expect(parseLocation(repo)).toEqual({ scheme, container, prefix });
});

test.for([
  ["azure:", "it names no container: azure:container:/prefix"],
  ["azure::/prefix", "it names no container: azure:container:/prefix"],
  ["azure:backups", 'the colon behind "backups" is missing: azure:container:/prefix'],
  ["azure:backups/repo", "it names no container: azure:container:/prefix"],
  ["gs:", "it names no bucket: gs:bucket:/prefix"],
  ["gs:bucket", 'the colon behind "bucket" is missing: gs:bucket:/prefix'],
  ["gs:bucket:/a\nb", "it holds a control character"],
  ["swift:c", 'the colon behind "c" is missing: swift:container:/prefix'],
  ["swift:c:", "the prefix must begin with a slash: swift:container:/prefix"],
  ["swift:c:repo", "the prefix must begin with a slash: swift:container:/prefix"],
] as const)("%j is refused", ([repo, problem]) => {
  expect(() => parseLocation(repo)).toThrow(
    expect.objectContaining({ code: "config", message: `repository "${repo}": ${problem}` }),
  );
});

test("an address of an emulator that is none", async () => {
  const environment = { STORAGE_EMULATOR_HOST: "http://" };
  expect(await failureOf(openStoreAt("gs:bucket:/", { environment }))).toBe(
    "config: gs:bucket:/: STORAGE_EMULATOR_HOST is not an address",
  );
});
