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
  // Not a URL: nothing is decoded.
  ["gs:bucket:/a b%20ä:c?d#e", "gs", "bucket", "a b%20ä:c?d#e"],
  ["swift:a container:/", "swift", "a container", ""],
  ["swift:c:/x/y", "swift", "c", "x/y"],
] as const)("%s is a container and a prefix", ([repo, scheme, container, prefix]) => {
  expect(parseLocation(repo)).toEqual({ scheme, container, prefix });
});

test.for([
  ["azure:", "the container is missing or invalid, expected azure:container:/prefix"],
  ["azure::/prefix", "the container is missing or invalid, expected azure:container:/prefix"],
  ["azure:backups", "the colon after the name is missing, expected azure:container:/prefix"],
  ["azure:backups/repo", "the container is missing or invalid, expected azure:container:/prefix"],
  ["gs:", "the bucket is missing or invalid, expected gs:bucket:/prefix"],
  ["gs:bucket", "the colon after the name is missing, expected gs:bucket:/prefix"],
  ["gs:bucket:/a\nb", "control characters are not allowed"],
  ["swift:c", "the colon after the name is missing, expected swift:container:/prefix"],
  ["swift:c:", "the prefix must begin with a slash, expected swift:container:/prefix"],
  ["swift:c:repo", "the prefix must begin with a slash, expected swift:container:/prefix"],
] as const)("%j is rejected", ([repo, problem]) => {
  expect(() => parseLocation(repo)).toThrow(
    expect.objectContaining({
      code: "config",
      message: `repository "${repo.slice(0, repo.indexOf(":"))}:…": ${problem}`,
    }),
  );
});

test("an invalid address of an emulator is rejected", async () => {
  const environment = { STORAGE_EMULATOR_HOST: "http://" };
  expect(await failureOf(openStoreAt("gs:bucket:/", { environment }))).toBe(
    "config: gs:bucket:/: STORAGE_EMULATOR_HOST is not an address",
  );
});
