/** Percent-encodes the parts of a path; the slashes between them stay. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
