import type { Samples } from "../agent/samples.ts";

/** The failure of a repository: the class from the metrics, the message from the log. */
export function failureShown(log: string, samples: Samples, url: string): string {
  const types = samples
    .of("backup_repository_error", { url })
    .map(({ labels }) => labels["error_type"]);
  const lines = log.split("\n").filter((line) => line.includes(` url=${url} error_type=`));
  const [, message = ""] = /error=("(?:[^"\\]|\\.)*"|\S+)$/.exec(lines.at(-1) ?? "") ?? [];
  return `${types.join()}: ${message.startsWith('"') ? JSON.parse(message) : message}`;
}
