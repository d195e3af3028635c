import { Secret } from "../../../instrumentation/core/secret.ts";
import type { RepositorySettings } from "../../../instrumentation/settings/repository.ts";

/** The settings of an entry that has a repository and a password. */
export function repositorySettings(url: string, password: string): RepositorySettings {
  return {
    repo: new Secret(url),
    url,
    disabled: false,
    password: { scheme: "literal", reference: new Secret(password) },
    insecureNoPassword: false,
    environment: {},
    options: {},
    connections: undefined,
    insecureTls: false,
  };
}
