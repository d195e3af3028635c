import { CHOICES, COMMANDS, FLAGS, settingOf, TEXT_FLAGS } from "./settings/flags.ts";
import type { Shell } from "./settings/flags.ts";
import { boolean } from "./settings/formats.ts";
import { GROUPS } from "./settings/help.ts";
import { flagOf, SETTINGS } from "./settings/schema.ts";
import type { Setting } from "./settings/schema.ts";

/** A flag as a shell completes it. */
interface Completed {
  /** Without dashes. */
  readonly name: string;
  readonly description: string;
  readonly takes: "nothing" | "text" | "file" | "word";
  /** The words it takes. */
  readonly words: string;
}

function completed(name: string): Completed {
  const setting = settingOf(name);
  const { format }: Partial<Setting<unknown>> = setting ? SETTINGS[setting] : {};
  const flag = setting ? flagOf(setting) : name;
  const rows = GROUPS.flatMap(([, group]) => group);
  const [left = "", description = ""] =
    rows.find(([flags]) => flags.split(/[ ,=]+/).includes(`--${flag}`)) ?? [];
  const { enum: choices } = format?.schema ?? { enum: CHOICES[name] };
  if (TEXT_FLAGS.includes(name)) return { name, description, takes: "text", words: "" };
  if (format === boolean || (!format && !Array.isArray(choices)))
    return { name, description, takes: "nothing", words: "" };
  if (Array.isArray(choices)) return { name, description, takes: "word", words: choices.join(" ") };
  return { name, description, takes: / (?:FILE|FOLDER)$/.test(left) ? "file" : "text", words: "" };
}

function bash(flags: readonly Completed[]): string {
  const values = flags.flatMap(({ name, takes, words }) => {
    const reply = {
      text: "return",
      file: 'compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return',
      word: `COMPREPLY=($(compgen -W "${words}" -- "$cur")); return`,
    };
    return takes === "nothing" ? [] : [`    --${name}) ${reply[takes]} ;;`];
  });
  return `# bash completion of restic-otel
_restic_otel() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  # An equals sign is a word of its own.
  if [ "$cur" = = ]; then cur=; elif [ "$prev" = = ]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  COMPREPLY=()
  case $prev in
${values.join("\n")}
  esac
  COMPREPLY=($(compgen -W "${[...COMMANDS, ...flags.map(({ name }) => `--${name}`)].join(" ")}" -- "$cur"))
}
complete -F _restic_otel restic-otel
`;
}

function zsh(flags: readonly Completed[]): string {
  const specs = flags.map(({ name, description, takes, words }) => {
    const text = description.replaceAll(/[[\]:\\]/g, "\\$&").replaceAll("'", "'\\''");
    const action = { text: " ", file: "_files", word: `(${words})` };
    return takes === "nothing"
      ? `'--${name}[${text}]'`
      : `'*--${name}=[${text}]:value:${action[takes]}'`;
  });
  return `#compdef restic-otel
# zsh completion of restic-otel
compdef _restic_otel restic-otel
_restic_otel() {
  _arguments \\
    '1:command:(${COMMANDS.join(" ")})' \\
    ${specs.join(" \\\n    ")}
}
if [ "$funcstack[1]" = _restic_otel ]; then _restic_otel "$@"; fi
`;
}

function fish(flags: readonly Completed[]): string {
  const lines = flags.map(({ name, description, takes, words }) => {
    const values = { nothing: "", text: " -x", file: " -r -F", word: ` -x -a '${words}'` };
    const text = description.replaceAll(/[\\']/g, "\\$&");
    return `complete -c restic-otel -l ${name}${values[takes]} -d '${text}'\n`;
  });
  return `# fish completion of restic-otel
complete -c restic-otel -f
complete -c restic-otel -n __fish_use_subcommand -a '${COMMANDS.join(" ")}'
${lines.join("")}`;
}

/** The script that makes a shell complete the flags and the command. */
export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell](FLAGS.map(completed));
}
