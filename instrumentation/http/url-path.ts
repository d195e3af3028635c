/** Percent-encodes the parts of a path; the slashes between them stay. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The text without the slashes at its end. A pattern such as `/\/+$/` takes quadratic time on a text with many slashes. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end -= 1;
  return text.slice(0, end);
}
