import { Secret } from "../core/secret.ts";
import type { ProxyEnvironment } from "../http/proxy.ts";
import type { Variables } from "./context.ts";
import type { Location } from "./location.ts";

/** Variables that belong together: one of them for a repository hides all of them in the process. */
const FAMILIES = {
  aws: /^(?:AWS|MINIO|RESTIC_AWS_ASSUME_ROLE)_/,
  b2: /^B2_/,
  azure: /^(?:AZURE|IDENTITY|MSI)_/,
  google: /^(?:(?:GOOGLE|GCE_METADATA|CLOUDSDK)_|STORAGE_EMULATOR_HOST$)/,
  openstack: /^(?:OS|ST|SWIFT)_/,
  proxy: /^(?:HTTPS?|NO)_PROXY$/i,
} as const;

/** These stand alone. */
const TLS = /^RESTIC_(?:CACERT|TLS_CLIENT_CERT)$/;
const HOME = /^HOME$/;

/** What restic reads of the environment of the process. The login of a REST server is not taken from there: it would go to any server. */
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

/** The environment of the process as a repository with variables of its own sees it: without the families that it has one of. */
export function visibleTo(own: Variables, processEnvironment: ProxyEnvironment): ProxyEnvironment {
  const names = Object.keys(own);
  const hidden = Object.values(FAMILIES).filter((family) =>
    names.some((name) => family.test(name)),
  );
  return Object.fromEntries(
    Object.entries(processEnvironment).filter(([name]) => !hidden.some((one) => one.test(name))),
  );
}

/** What a backend reads: the repository's own variables, over those of the process that restic reads for the scheme. */
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

/** The proxy that a repository names for itself, else that of the process. */
export function proxyVariables(own: Variables, visible: ProxyEnvironment): ProxyEnvironment {
  const named = Object.entries(own).filter(([name]) => FAMILIES.proxy.test(name));
  return {
    ...visible,
    ...Object.fromEntries(named.map(([name, secret]) => [name, secret.revealText()])),
  };
}
