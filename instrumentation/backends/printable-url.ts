/** Schemes whose address ends at a query or fragment. A path of the others may contain these characters. */
const WITH_QUERY: ReadonlySet<string> = new Set(["rest", "s3", "azure", "gs", "b2", "swift"]);

/**
 * A valid repository string without credentials, otherwise as it was written: the label `url`.
 * The user of an sftp address is part of the address and stays.
 * @param repo for which `parseLocation` does not throw; of another one only the scheme is kept
 */
export function printableUrl(repo: string): string {
  const [, scheme = "", address = ""] = /^([a-z][\w+.-]*):(.*)$/s.exec(repo) ?? [];
  switch (scheme) {
    case "rclone":
      return withoutParameters(repo);
    case "sftp":
      return address.startsWith("//")
        ? `sftp://${withoutPassword(address.slice(2))}`.replace(/[?#].*$/s, "")
        : repo;
    case "":
    case "local":
      return repo;
    default:
      return WITH_QUERY.has(scheme) || address.startsWith("//")
        ? `${scheme}:${withoutLogin(address)}`.replace(/[?#].*$/s, "")
        : repo;
  }
}

/** `rclone:remote,key=value,key="a:b":path` without the parameters, which end at the first colon outside of quotes. */
function withoutParameters(repo: string): string {
  const [remote = ""] = /^rclone::?[^,:]*/.exec(repo) ?? [];
  if (repo[remote.length] !== ",") return repo;
  let quote = "";
  for (let at = remote.length; at < repo.length; at++) {
    const letter = repo[at] ?? "";
    if (quote === "" && letter === ":") return remote + repo.slice(at);
    if (quote === "" && (letter === '"' || letter === "'")) quote = letter;
    else if (letter === quote) quote = "";
  }
  return remote;
}

/** Up to the last `@` of the authority. */
function withoutLogin(address: string): string {
  const start = /^(?:[a-z+]+:)?\/\//.exec(address)?.[0].length ?? 0;
  const slash = address.indexOf("/", start);
  const end = slash < 0 ? address.length : slash;
  const at = address.lastIndexOf("@", end - 1);
  return at < start ? address : address.slice(0, start) + address.slice(at + 1);
}

function withoutPassword(authorityAndPath: string): string {
  const slash = authorityAndPath.indexOf("/");
  const end = slash < 0 ? authorityAndPath.length : slash;
  const at = authorityAndPath.lastIndexOf("@", end - 1);
  if (at < 0) return authorityAndPath;
  const [user = ""] = authorityAndPath.slice(0, at).split(":");
  return `${user}@${authorityAndPath.slice(at + 1)}`;
}
