import type { Clock, LogFields, Logger } from "restic-otel-instrumentation/internal";

import { escaped } from "./printable.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The agent's own logger: one line per event, `level=… msg=…` or JSON. */
export class LineLogger implements Logger {
  level: LogLevel;
  readonly #format: LogFormat;
  readonly #clock: Clock;
  readonly #write: (line: string) => void;

  constructor(options: {
    level: LogLevel;
    format: LogFormat;
    clock: Clock;
    write: (line: string) => void;
  }) {
    this.level = options.level;
    this.#format = options.format;
    this.#clock = options.clock;
    this.#write = options.write;
  }

  debug(message: string, fields?: LogFields): void {
    this.#log("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log("error", message, fields);
  }

  #log(level: LogLevel, msg: string, fields: LogFields = {}): void {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.level)) return;
    const record = { time: new Date(this.#clock.now()).toISOString(), level, msg, ...fields };
    this.#write(`${this.#format === "json" ? json(record) : logfmt(record)}\n`);
  }
}

function logfmt(record: Readonly<Record<string, unknown>>): string {
  return Object.entries(record)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quote(String(value))}`)
    .join(" ");
}

function quote(value: string): string {
  return /^[\w.:/@+,;()~-]+$/.test(value) ? value : json(value);
}

/** Escapes line breaks, terminal escapes and changes of direction, which a value from a repository can contain: one event is one line. */
function json(value: unknown): string {
  return escaped(JSON.stringify(value));
}
