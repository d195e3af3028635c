export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line per change of state. Fields never hold secrets; messages are lower case. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
