import type { Samples } from "../agent/samples.ts";

/** How a repository fails, as metrics and log say: class and message. */
export function failureShown(log: string, samples: Samples, url: string): string {
  const types = samples
    .of("backup_repository_error", { url })
    .map(({ labels }) => labels["error_type"]);
  const lines = log.split("\n").filter((line) => line.includes(` url=${url} error_type=`));
  const [, message = ""] = /error=("(?:[^"\\]|\\.)*"|\S+)$/.exec(lines.at(-1) ?? "") ?? [];
  return `${types.join()}: ${message.startsWith('"') ? JSON.parse(message) : message}`;
}
