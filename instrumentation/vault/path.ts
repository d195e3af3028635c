/** The problem of a path in Vault, as "must …"; undefined if it has none. Vault resolves `.` and `..`, so such a path could leave its mount. */
export function pathProblem(path: string): string | undefined {
  const segments = path.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === ".."))
    return 'must not have an empty segment, "." or ".." between slashes';
  return !path.isWellFormed() || /\p{Cc}/u.test(path) ? "must be printable text" : undefined;
}
