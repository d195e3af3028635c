/** The last value and the number of values of each field: seconds, minutes, hours, days, months, days of the week. */
const FIELDS = [
  [59, 60],
  [59, 60],
  [23, 24],
  [31, 31],
  [12, 12],
  [6, 7],
] as const;

/**
 * Rewrites syntax of robfig/cron that croner rejects: `5/15` means `5-59/15` in the field of minutes, and a step longer than
 * its range selects the first value only. Returns everything else unchanged, invalid fields too.
 */
export function toCronerPattern(rule: string): string {
  const fields = rule.split(/\s+/);
  const rewritten = fields.map((field, index) => {
    const [last, count] = FIELDS.at(index - fields.length) ?? FIELDS[0];
    return field
      .replaceAll(/(?<=^|,)(\w+)\//g, `$1-${last}/`)
      .replaceAll(/(?<=\/)\d+/g, (step) => `${Math.min(Number(step), count)}`);
  });
  return rewritten.join(" ");
}

/**
 * Replaces a list that contains `*` by `*`, so that croner combines days of month and days of week as robfig/cron does.
 * This drops the other items of the list: validate the pattern before.
 */
export function collapseStars(pattern: string): string {
  const isStar = (item: string): boolean => /^[*?](?:\/1)?$/.test(item);
  return pattern
    .split(" ")
    .map((field) => (field.split(",").some(isStar) ? "*" : field))
    .join(" ");
}
