/** Schemes whose address ends at a query or fragment. A path of the others may contain these characters. */
const WITH_QUERY: ReadonlySet<string> = new Set(["rest", "s3", "azure", "gs", "b2", "swift"]);

/**
 * A valid repository string without credentials, otherwise as it was written: the label `url`.
 * The user of an sftp address is part of the address and stays.
 * @param repo for which `parseLocation` does not throw; of another one only the scheme is kept
 */
export function printableUrl(repo: string): string {
  return withoutInnerLogins(withoutCredentials(repo));
}

/** `local:rest:http://user:password@host/`: a slip, which restic takes for a path. */
const INNER_LOGIN = /(?<=[/\\]{2})[^/\\@:]*:([^/\\@]*)@/g;

function withoutInnerLogins(text: string): string {
  return text.replaceAll(INNER_LOGIN, "");
}

/** The passwords of addresses within a path. */
export function innerPasswords(repo: string): readonly string[] {
  return Array.from(repo.matchAll(INNER_LOGIN), ([, password = ""]) => password);
}

function withoutCredentials(repo: string): string {
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

/**
 * `rclone:remote,key=value,key="a:b":path` without the parameters, which end at the first colon outside of quotes. Also without what a slip
 * makes of them: behind another letter than a comma, behind the path, and `user:password@host:path`, where rclone takes the user for a remote.
 */
function withoutParameters(repo: string): string {
  const [remote = ""] = /^rclone::?[^,:;?&=/]*(?:\/[^,:]*)?/.exec(repo) ?? [];
  let quote = "";
  for (let at = remote.length; at < repo.length; at++) {
    const letter = repo[at] ?? "";
    if (quote === "" && letter === ":")
      return (
        remote +
        repo
          .slice(at)
          .replace(/^:[^/@]*@(?=[^/:]*:)/, ":")
          .replace(/,\w+=.*$/s, "")
      );
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
