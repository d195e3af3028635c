/** What is wrong with a path in Vault; undefined if nothing is. Vault resolves `.` and `..`, and a path could leave its mount. */
export function pathProblem(path: string): string | undefined {
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    return "must have no empty part, no . and no .. between its slashes";
  return !path.isWellFormed() || /\p{Cc}/u.test(path) ? "must be printable text" : undefined;
}
