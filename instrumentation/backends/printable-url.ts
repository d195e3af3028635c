/** Schemes that are followed by a whole URL. */
const NESTED: ReadonlySet<string> = new Set(["rest", "s3", "azure", "gs", "b2", "swift"]);

/**
 * The repository string without credentials, otherwise as it was written: the label `url`.
 * The user of an sftp address is part of the address and stays.
 */
export function printableUrl(repo: string): string {
  if (repo.startsWith("rclone:")) return repo.replace(/^(rclone::?[^,:]*),.*:/s, "$1:");
  if (/^s3:(?!https?:|\/\/)/.test(repo)) return repo.replace(/^s3:[^/]*@/, "s3:");
  const slashes = repo.indexOf("//");
  // A misspelt scheme must not expose the credentials behind it.
  const scheme = /^([a-z][\w+.-]+):/i.exec(repo)?.[1];
  if (scheme === undefined || scheme === "local" || slashes < 0) return repo;
  const authority = slashes + 2;
  const valid = URL.canParse(NESTED.has(scheme) ? repo.slice(scheme.length + 1) : repo);
  const slash = repo.indexOf("/", authority);
  const end = valid ? (slash < 0 ? repo.length : slash) : repo.length;
  const at = repo.lastIndexOf("@", end - 1);
  const head = repo.slice(0, authority);
  const clean =
    at < authority
      ? repo
      : head + (scheme === "sftp" ? user(repo.slice(authority, at)) : "") + repo.slice(at + 1);
  return clean.replace(/[?#].*$/s, "");
}

function user(userInfo: string): string {
  const colon = userInfo.indexOf(":");
  return `${colon < 0 ? userInfo : userInfo.slice(0, colon)}@`;
}
