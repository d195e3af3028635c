/**
 * Whether the name of a variable may be shown: `RESTIC_PASSWORD`, `PASSWORD`, `AWS_KEY_2`. Another one may be the secret itself, which a slip
 * moved there.
 */
export function isVariableName(name: string): boolean {
  return (
    name.length <= 60 &&
    /^(?:[A-Z_]+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|(?:https?|no|all)_proxy)$/.test(name)
  );
}

/** Whether the path of a file may be shown: it has a folder or an extension. */
export function isPath(path: string): boolean {
  return path.includes("/") || /\.[a-z]{1,10}$/.test(path);
}
