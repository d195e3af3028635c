import { credentialsIn } from "../backends/location.ts";
import type { SecretReference } from "../core/secret.ts";
import { literal } from "../secrets/reference.ts";
import type { RepositorySettings } from "./repository.ts";

/** All secrets of a repository: its references, and the credentials in its repository string. */
export function secretsOf(settings: RepositorySettings): readonly SecretReference[] {
  const { repo, password, environment } = settings;
  return [
    ...(password ? [password] : []),
    ...Object.values(environment),
    ...credentialsIn(repo.revealText()).map(literal),
  ];
}
