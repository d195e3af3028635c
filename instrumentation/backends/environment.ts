import type { KnownSecrets } from "../core/known-secrets.ts";
import { Secret } from "../core/secret.ts";
import type { ProxyEnvironment } from "../http/proxy.ts";
import type { Variables } from "./context.ts";
import type { Location } from "./location.ts";

/** Variables of one provider. If a repository sets one of them, all of the process are ignored for it. */
const FAMILIES = {
  aws: /^(?:AWS|MINIO|RESTIC_AWS_ASSUME_ROLE)_/,
  b2: /^B2_/,
  azure: /^(?:AZURE|IDENTITY|MSI)_/,
  google: /^(?:(?:GOOGLE|GCE_METADATA|CLOUDSDK)_|STORAGE_EMULATOR_HOST$)/,
  openstack: /^(?:OS|ST|SWIFT)_/,
  proxy: /^(?:HTTPS?|NO)_PROXY$/i,
} as const;

/** Variables without a family. */
const TLS = /^RESTIC_(?:CACERT|TLS_CLIENT_CERT)$/;
const HOME = /^HOME$/;

/** The variables of the process that restic reads for a scheme. A REST login is not inherited, so that it cannot reach the wrong server. */
const READ_BY: Readonly<Record<Location["scheme"], readonly RegExp[]>> = {
  local: [],
  rest: [TLS],
  s3: [FAMILIES.aws, HOME, TLS],
  b2: [FAMILIES.b2, TLS],
  azure: [FAMILIES.azure, HOME, TLS],
  gs: [FAMILIES.google, HOME, TLS],
  swift: [FAMILIES.openstack, TLS],
  sftp: [],
  rclone: [],
  custom: [],
};

/** The environment of the process for a repository: without the families of which it sets a variable. */
export function visibleTo(own: Variables, processEnvironment: ProxyEnvironment): ProxyEnvironment {
  const names = Object.keys(own);
  const hidden = Object.values(FAMILIES).filter((family) =>
    names.some((name) => family.test(name)),
  );
  return Object.fromEntries(
    Object.entries(processEnvironment).filter(([name]) => !hidden.some((one) => one.test(name))),
  );
}

/** The environment of a child process below the variables of the repository: without the secrets of this program. */
export function inheritedBy(visible: ProxyEnvironment, secrets: KnownSecrets): ProxyEnvironment {
  return Object.fromEntries(Object.entries(visible).filter(([name]) => !secrets.isVariable(name)));
}

/** The repository's variables, over those of the process that restic reads for the scheme. */
export function variablesFor(
  scheme: Location["scheme"],
  own: Variables,
  visible: ProxyEnvironment,
): Variables {
  const read = Object.entries(visible).flatMap(([name, value]) =>
    value !== undefined && READ_BY[scheme].some((family) => family.test(name))
      ? [[name, new Secret(value)] as const]
      : [],
  );
  return { ...Object.fromEntries(read), ...own };
}

/** The proxy variables of the repository, else those of the process. */
export function proxyVariables(own: Variables, visible: ProxyEnvironment): ProxyEnvironment {
  const named = Object.entries(own).filter(([name]) => FAMILIES.proxy.test(name));
  return {
    ...visible,
    ...Object.fromEntries(named.map(([name, secret]) => [name, secret.revealText()])),
  };
}
