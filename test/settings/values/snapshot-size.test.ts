import { expect, test } from "vitest";

import { parseSnapshotSize } from "../../../instrumentation/settings/snapshot-size.ts";

test.for([
  ["64KiB", 65_536],
  ["8MiB", 8_388_608],
  ["10 MB", 10_000_000],
  ["134217728", 134_217_728],
] as const)("%s is %i bytes", ([text, bytes]) => {
  expect(parseSnapshotSize(text)).toBe(bytes);
});

test.for(["", "8", "63KiB", "129MiB", "1GiB", "-8MiB", "8 mib", 8_388_608, null])(
  "%s is no size of a snapshot",
  (value) => {
    expect(parseSnapshotSize(value)).toBeUndefined();
  },
);
