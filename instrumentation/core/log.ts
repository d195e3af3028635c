/** The agent's own logger writes `time`, `level` and `msg` of a line beside them. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>> & {
  readonly [own in "time" | "level" | "msg"]?: never;
};

/** Logs one line per change of state. Messages are lower case; fields never hold secrets. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Logs one step of a collection at level debug. */
export type Debug = (message: string, fields?: LogFields) => void;
