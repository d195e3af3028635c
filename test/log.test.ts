import { expect, test } from "vitest";

import { LineLogger, LOG_FORMATS } from "../src/log.ts";
import { FakeClock } from "./support/core/clock.ts";

test.for(LOG_FORMATS)(
  "a line in the format %s contains no line break, terminal escape or change of direction of a name",
  (format) => {
    let line = "";
    const write = (text: string): void => void (line += text);
    const host = "\u202elive\u202c\n\u009b31m\u2028\u0085\u2066x\u007f";
    new LineLogger({ level: "info", format, clock: new FakeClock(), write }).info("gone", { host });
    expect(line).toMatch(/^[ -~]+\n$/);
    const [value] = /"\\u202e[^"]*"/.exec(line) ?? [""];
    expect(JSON.parse(value)).toBe(host);
  },
);
