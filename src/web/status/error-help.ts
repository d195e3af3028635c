import type { ErrorCode } from "restic-otel-instrumentation/internal";

interface ErrorHelp {
  /** The meaning of the class for the repository. */
  readonly meaning: string;
  /** The `hint` of the page: what to check or to do. */
  readonly hint: string;
}

/** Help for each `error_type`: hints of the status page and `/api/status`, and the table of docs/troubleshooting.md. */
export const ERROR_HELP: Readonly<Record<ErrorCode, ErrorHelp>> = {
  unreachable: {
    meaning: "The server did not answer, or the connection broke.",
    hint: "Check that the server is up and the address is right. The agent retries by itself.",
  },
  timeout: {
    meaning:
      "A request (requestTimeout) or the whole collection (timeout) took longer than its time limit.",
    hint: "The server or the disk hangs, or the time limit that the message names is too short. The agent retries by itself.",
  },
  denied: {
    meaning: "The storage rejected the login, or the login may not list or read.",
    hint: "Check user, password or key, and whether they may list and read.",
  },
  not_found: {
    meaning: "The storage holds no repository at this path.",
    hint: "Check the path: was the repository moved, or is a disk not mounted?",
  },
  wrong_password: {
    meaning: "No key of the repository opens with the password.",
    hint: "The repository password may have changed: update the secret that the agent uses. A newline at the end of a variable or a Vault field is a part of the password.",
  },
  corrupt: {
    meaning: "A file has the wrong hash, the wrong MAC, or invalid content.",
    hint: "Run restic check. All readable snapshots are still shown.",
  },
  secret: {
    meaning: "A password or credential cannot be resolved.",
    hint: "The message says which secret cannot be read, and why. Fix its source.",
  },
  config: {
    meaning: "A setting of the repository is invalid.",
    hint: "The message names the setting.",
  },
  other: { meaning: "Any other failure.", hint: "See the message and the log." },
};
