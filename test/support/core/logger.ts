import type { LogFields, Logger } from "../../../instrumentation/core/log.ts";

export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps all lines. */
export class ArrayLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "debug", message, fields });
  }

  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "info", message, fields });
  }

  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "warn", message, fields });
  }

  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "error", message, fields });
  }

  /** The lines as text, without debug lines: `warn message {"field":"value"}`. */
  get texts(): readonly string[] {
    return this.lines
      .filter((line) => line.level !== "debug")
      .map((line) => `${line.level} ${line.message} ${JSON.stringify(line.fields)}`);
  }

  clear(): void {
    this.lines.length = 0;
  }
}
