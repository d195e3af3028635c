const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `1.4 GiB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

/** `40 s`, `12 min`, `3 h`, `5 days`. */
export function humanDuration(seconds: number): string {
  const s = Math.abs(seconds);
  if (s < 100) return `${s < 10 && !Number.isInteger(s) ? s.toFixed(1) : Math.round(s)} s`;
  if (s < 100 * 60) return `${Math.round(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} days`;
}

/** `3 h ago`, `in 4 min`. */
export function relative(seconds: number): string {
  const rounded = Math.round(seconds);
  if (rounded === 0) return "now";
  return rounded < 0 ? `in ${humanDuration(rounded)}` : `${humanDuration(rounded)} ago`;
}

const GROUPED = new Intl.NumberFormat("en");

/** `10,000`. */
export function grouped(count: number): string {
  return GROUPED.format(count);
}

/** `1 repository`, `2 repositories`. */
export function counted(count: number, one: string, many: string): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
