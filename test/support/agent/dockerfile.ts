/** An instruction of a Dockerfile with its arguments, continuation lines joined. */
interface Instruction {
  readonly name: string;
  readonly rest: string;
}

interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile. A stage without `AS` has an empty name. */
export function stagesOf(dockerfile: string): readonly Stage[] {
  const lines = dockerfile
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = "", rest = ""] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    const [base = "", , as = ""] = rest.split(/ +/);
    if (name === "FROM") stages.push({ name: as, base, instructions: [] });
    else stages.at(-1)?.instructions.push({ name, rest });
  }
  return stages;
}

/** The words of an instruction in exec form; undefined: it has the shell form. */
export function execForm(rest: string): readonly string[] | undefined {
  const [, list] = /(?:^|CMD )(\[.*\])$/.exec(rest) ?? [];
  const parsed: unknown = list === undefined ? undefined : JSON.parse(list);
  return Array.isArray(parsed) ? parsed.map(String) : undefined;
}
