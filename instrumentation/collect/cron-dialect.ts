interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const SECOND = { low: 0, high: 59 };
const FIELDS: readonly Bounds[] = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  { low: 1, high: 12, names: MONTHS },
  { low: 0, high: 6, names: WEEKDAYS },
];

const STEPPED = /^(?:(\*)|(\w+)(?:-(\w+))?)\/(\d+)$/;

/**
 * Rewrites syntax of robfig/cron that croner rejects: `?` means `*`, `5/15` means `5-59/15` in the field of minutes, and a
 * step longer than its range selects the first value only. Returns everything else unchanged, invalid fields too.
 */
export function toCronerPattern(rule: string): string {
  const fields = rule.split(/\s+/);
  const bounds = fields.length === FIELDS.length + 1 ? [SECOND, ...FIELDS] : FIELDS;
  if (fields.length !== bounds.length) return rule;
  return bounds.map((bound, index) => toCronerField(fields[index] ?? "", bound)).join(" ");
}

/**
 * Replaces a list that contains `*` by `*`, so that croner combines days of month and days of week as robfig/cron does.
 * This drops the other items of the list: validate the pattern before.
 */
export function collapseStars(pattern: string): string {
  return pattern
    .split(" ")
    .map((field) => (field.split(",").some((item) => item === "*" || item === "*/1") ? "*" : field))
    .join(" ");
}

function toCronerField(field: string, bounds: Bounds): string {
  return field
    .split(",")
    .map((item) => toCronerItem(item.replace(/^\?/, "*"), bounds))
    .join(",");
}

function toCronerItem(item: string, bounds: Bounds): string {
  const stepped = STEPPED.exec(item);
  if (!stepped) return item;
  const low = stepped[1] ? bounds.low : valueOf(stepped[2], bounds);
  const high = stepped[3] ? valueOf(stepped[3], bounds) : bounds.high;
  const step = Number(stepped[4]);
  if (low > high || step === 0 || Number.isNaN(low + high)) return item;
  if (step > high - low) return `${low}`;
  return stepped[1] ? item : `${low}-${high}/${step}`;
}

function valueOf(text: string | undefined, { low, names }: Bounds): number {
  const index = names?.indexOf(text?.toLowerCase() ?? "") ?? -1;
  return index < 0 ? Number(text) : index + low;
}
