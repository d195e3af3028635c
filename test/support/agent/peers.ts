import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const MODULES = join(import.meta.dirname, "../../peers");

/** Where a program comes from: the module in test/peers that builds it, and whether one on PATH will do. */
const PEERS = {
  restic: { module: "restic", program: "restic", onPath: true },
  "restic-0.14.0": { module: "restic-0.14.0", program: "restic", onPath: false },
  "restic-0.9.6": { module: "restic-0.9.6", program: "restic", onPath: false },
  "rest-server": { module: "rest-server", program: "rest-server", onPath: true },
  prometheus: { module: "prometheus", program: "prometheus", onPath: true },
  otelcol: { module: "otelcol", program: "otelcol", onPath: true },
  promtool: { module: "prometheus", program: "promtool", onPath: true },
  rclone: { module: "rclone", program: "rclone", onPath: true },
  "client-golang": { module: "client-golang", program: "client-golang", onPath: false },
  versitygw: { module: "versitygw", program: "versitygw", onPath: true },
  "fake-gcs-server": { module: "fake-gcs-server", program: "fake-gcs-server", onPath: true },
  vault: { module: "vault", program: "vault", onPath: false },
  "victoria-metrics": { module: "victoria-metrics", program: "victoria-metrics", onPath: false },
  "exporter-toolkit": { module: "exporter-toolkit", program: "exporter-toolkit", onPath: false },
} as const satisfies Record<string, { module: string; program: string; onPath: boolean }>;

/** A real program that tests run against. */
export type Peer = keyof typeof PEERS;

/** The path of a program that test/peers/install has built from today's go.mod, else of one on PATH. */
function findPeer(name: Peer): string | undefined {
  const { module, program, onPath } = PEERS[name];
  const built = join(cacheFolder(), `${module}-${sourceHash(module)}`, program);
  if (existsSync(built)) return built;
  return onPath ? findOnPath(program) : undefined;
}

/**
 * For a suite that is skipped without its peer: undefined if it is not there.
 * With RESTIC_OTEL_PEERS_REQUIRED=1 (where skipping would hide something) it throws instead.
 */
export function requirePeer(name: Peer): string | undefined {
  return process.env["RESTIC_OTEL_PEERS_REQUIRED"] === "1" ? peerPath(name) : findPeer(name);
}

/** A package of the system, with ssh and ssh-keygen beside it; a service in its place is neither needed nor touched. */
export const SSHD = "/usr/sbin/sshd";
export const CHROMIUM = "/usr/bin/chromium";

/** What comes from the system's packages: the names are those that test/peers/install knows. */
const PACKAGES = {
  sshd: [SSHD, "ssh", "ssh-keygen"],
  swift: [
    ...["proxy", "account", "container", "object"].map((name) => `swift-${name}-server`),
    "memcached",
  ],
  chromium: [CHROMIUM],
  systemd: ["systemd-analyze", "systemd-socket-activate"],
  manual: ["man", "mandoc"],
} as const satisfies Record<string, readonly string[]>;

/** For a suite that is skipped without sshd, ssh and ssh-keygen: whether they are there. As `requirePeer`. */
export function requireSshd(): boolean {
  return requirePackage("sshd");
}

/** For what is skipped without the programs of systemd, which need not run: whether they are there. As `requirePeer`. */
export function requireSystemd(): boolean {
  return requirePackage("systemd");
}

/** For what is skipped without a browser: whether it is there. As `requirePeer`. */
export function requireChromium(): boolean {
  return requirePackage("chromium");
}

/** For what is skipped without man and mandoc: whether they are there. As `requirePeer`. */
export function requireManual(): boolean {
  return requirePackage("manual");
}

/** For a suite that is skipped without OpenStack's Swift: whether it is there. As `requirePeer`. */
export function requireSwift(): boolean {
  return requirePackage("swift");
}

function requirePackage(name: keyof typeof PACKAGES): boolean {
  const missing = PACKAGES[name].filter((program) => !isThere(program));
  if (missing.length > 0 && process.env["RESTIC_OTEL_PEERS_REQUIRED"] === "1")
    throw new Error(`${missing.join(", ")} not found: run test/peers/install ${name} as root`);
  return missing.length === 0;
}

function isThere(program: string): boolean {
  return isExecutable(program) || findOnPath(program) !== undefined;
}

/** For a suite that is skipped without azurite: the program that Node.js runs. As `requirePeer`. */
export function requireAzurite(): string | undefined {
  const main = findAzurite();
  if (main === undefined && process.env["RESTIC_OTEL_PEERS_REQUIRED"] === "1")
    throw new Error("azurite is not there: run test/peers/install azurite");
  return main;
}

/** test/peers/install names the same version. */
function findAzurite(): string | undefined {
  const main = join(cacheFolder(), "azurite-3.37.0/node_modules/azurite/dist/src/blob/main.js");
  return existsSync(main) ? main : undefined;
}

/** For what installs packages from npm's registry: asked for by RESTIC_OTEL_REGISTRY=1, and when peers are required. */
export function mayUseRegistry(): boolean {
  const { RESTIC_OTEL_REGISTRY, RESTIC_OTEL_PEERS_REQUIRED } = process.env;
  return RESTIC_OTEL_REGISTRY === "1" || RESTIC_OTEL_PEERS_REQUIRED === "1";
}

/** The path of a program that the caller cannot go on without: throws if it is not there. */
export function peerPath(name: Peer): string {
  const path = findPeer(name);
  if (path === undefined)
    throw new Error(`${name} is not there: run test/peers/install ${PEERS[name].module}`);
  return path;
}

function cacheFolder(): string {
  const { RESTIC_OTEL_PEERS, XDG_CACHE_HOME } = process.env;
  return (
    RESTIC_OTEL_PEERS || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "restic-otel-peers")
  );
}

/** The same as hash_of in test/peers/install. */
function sourceHash(module: string): string {
  const folder = join(MODULES, module);
  const commands = readdirSync(folder).filter((file) => file.endsWith(".go"));
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", ...commands.toSorted()])
    hash.update(readFileSync(join(folder, file)));
  return hash.digest("hex").slice(0, 16);
}

function findOnPath(program: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The peers that were not found, by the names of their modules. */
export function missingPeers(): readonly string[] {
  const names: readonly Peer[] = [
    "restic",
    "restic-0.14.0",
    "restic-0.9.6",
    "rest-server",
    "prometheus",
    "promtool",
    "otelcol",
    "rclone",
    "versitygw",
    "client-golang",
    "vault",
    "victoria-metrics",
    "exporter-toolkit",
  ];
  const missing: string[] = names.filter((name) => findPeer(name) === undefined);
  for (const [name, programs] of Object.entries(PACKAGES))
    if (!programs.every(isThere)) missing.push(name);
  if (findAzurite() === undefined) missing.push("azurite");
  return mayUseRegistry() ? missing : [...missing, "npm's registry (RESTIC_OTEL_REGISTRY=1)"];
}
