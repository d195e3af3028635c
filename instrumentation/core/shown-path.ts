/** Whether the path of a file may be shown: it has a folder or an extension. Another text may be what should be in the file. */
export function isPath(path: string): boolean {
  return (
    (path.includes("/") || /\.[a-z]{1,10}$/.test(path)) &&
    path.length <= 1024 &&
    // The JSON or PEM of a key in place of its path.
    !/[\p{Cc}{}"]|-----BEGIN/u.test(path)
  );
}

/** A file in messages. */
export function fileShown(path: string): string {
  return isPath(path) ? `the file ${path}` : "the named file";
}

/** A file in messages that name its path alone. */
export function pathShown(path: string): string {
  return isPath(path) ? path : "the named file";
}
