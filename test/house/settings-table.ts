import { flagOf, settingNames, SETTINGS, variableOf } from "../../src/settings/schema.ts";
import type { Setting } from "../../src/settings/schema.ts";

/** The settings as a Markdown table. */
export function settingsTable(): string {
  const rows = settingNames().map((name) => {
    const { alias, doc, default: initial }: Setting<unknown> = SETTINGS[name];
    const key = name === "config" ? "–" : `\`${name}\``;
    const flags = [flagOf(name), alias].flatMap((one) => (one === undefined ? [] : `\`--${one}\``));
    return `| ${key} | \`${variableOf(name)}\` | ${flags.join(", ")} | ${initial === "" ? "" : `\`${initial}\``} | ${doc} |`;
  });
  return [
    "| in the file | variable | flag | default | meaning |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
