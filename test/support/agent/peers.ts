import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";

const MODULES = join(import.meta.dirname, "../../peers");
const MANIFEST = join(import.meta.dirname, "../../../package.json");

/** The module in test/peers that builds the program, and whether one on PATH is good enough. */
const PEERS = {
  restic: { module: "restic", program: "restic", onPath: true },
  "restic-0.14.0": { module: "restic-0.14.0", program: "restic", onPath: false },
  "restic-0.9.6": { module: "restic-0.9.6", program: "restic", onPath: false },
  "rest-server": { module: "rest-server", program: "rest-server", onPath: true },
  prometheus: { module: "prometheus", program: "prometheus", onPath: true },
  otelcol: { module: "otelcol", program: "otelcol", onPath: true },
  alertmanager: { module: "alertmanager", program: "alertmanager", onPath: true },
  amtool: { module: "alertmanager", program: "amtool", onPath: true },
  promtool: { module: "prometheus", program: "promtool", onPath: true },
  rclone: { module: "rclone", program: "rclone", onPath: true },
  "client-golang": { module: "client-golang", program: "client-golang", onPath: false },
  versitygw: { module: "versitygw", program: "versitygw", onPath: true },
  compose: { module: "compose", program: "compose", onPath: false },
  helm: { module: "helm", program: "helm", onPath: false },
  kubernetes: { module: "kubernetes", program: "kubernetes", onPath: false },
  "fake-gcs-server": { module: "fake-gcs-server", program: "fake-gcs-server", onPath: true },
  vault: { module: "vault", program: "vault", onPath: false },
  "victoria-metrics": { module: "victoria-metrics", program: "victoria-metrics", onPath: false },
  "exporter-toolkit": { module: "exporter-toolkit", program: "exporter-toolkit", onPath: false },
} as const satisfies Record<string, { module: string; program: string; onPath: boolean }>;

/** A real program that tests run against. */
export type Peer = keyof typeof PEERS;

/** The path of the program that test/peers/install has built from the current go.mod, else of one on PATH. */
function findPeer(name: Peer): string | undefined {
  const { module, program, onPath } = PEERS[name];
  const built = join(cacheFolder(), `${module}-${sourceHash(module)}`, program);
  if (existsSync(built)) return built;
  return onPath ? findOnPath(program) : undefined;
}

/**
 * For a suite that is skipped without its peer.
 * @returns undefined if the peer is missing
 * @throws Error if it is missing and RESTIC_OTEL_PEERS_REQUIRED=1
 */
export function requirePeer(name: Peer): string | undefined {
  return process.env["RESTIC_OTEL_PEERS_REQUIRED"] === "1" ? peerPath(name) : findPeer(name);
}

/** Comes with ssh and ssh-keygen in packages of the system; a running service is neither needed nor touched. */
export const SSHD = "/usr/sbin/sshd";
export const CHROMIUM = "/usr/bin/chromium";

/** Chromium starts as root, and without requests of its own. */
export const CHROMIUM_ARGS: readonly string[] =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage".split(
    " ",
  );

/** Programs from packages of the system, by the names of test/peers/install. */
const PACKAGES = {
  sshd: [SSHD, "ssh", "ssh-keygen"],
  swift: [
    ...["proxy", "account", "container", "object"].map((name) => `swift-${name}-server`),
    "memcached",
  ],
  chromium: [CHROMIUM],
  systemd: ["systemd-analyze", "systemd-socket-activate"],
  manual: ["man", "mandoc"],
  clients: ["curl", "wget", "python3"],
  shells: ["zsh", "fish"],
  faketime: ["faketime"],
} as const satisfies Record<string, readonly string[]>;

/** Whether sshd, ssh and ssh-keygen are available. @throws as `requirePeer` */
export function requireSshd(): boolean {
  return requirePackage("sshd");
}

/** Whether the programs of systemd are available; systemd need not run. @throws as `requirePeer` */
export function requireSystemd(): boolean {
  return requirePackage("systemd");
}

/** Whether Chromium is available. @throws as `requirePeer` */
export function requireChromium(): boolean {
  return requirePackage("chromium");
}

/** Whether man and mandoc are available. @throws as `requirePeer` */
export function requireManual(): boolean {
  return requirePackage("manual");
}

/** Whether curl, wget and Python are available. @throws as `requirePeer` */
export function requireHttpClients(): boolean {
  return requirePackage("clients");
}

/** Whether zsh and fish are available. @throws as `requirePeer` */
export function requireShells(): boolean {
  return requirePackage("shells");
}

/** Whether OpenStack Swift is available. @throws as `requirePeer` */
export function requireSwift(): boolean {
  return requirePackage("swift");
}

/** Whether the programs of a package are available. @throws as `requirePeer` */
export function requirePackage(name: keyof typeof PACKAGES): boolean {
  const missing = PACKAGES[name].filter((program) => !isThere(program));
  if (missing.length > 0 && process.env["RESTIC_OTEL_PEERS_REQUIRED"] === "1")
    throw new Error(`${missing.join(", ")} not found: run test/peers/install ${name} as root`);
  return missing.length === 0;
}

function isThere(program: string): boolean {
  return isExecutable(program) || findOnPath(program) !== undefined;
}

/** The program of azurite, which Node.js runs; undefined if it is missing. @throws as `requirePeer` */
export function requireAzurite(): string | undefined {
  const main = findAzurite();
  if (main === undefined && process.env["RESTIC_OTEL_PEERS_REQUIRED"] === "1")
    throw new Error("azurite is missing: run test/peers/install azurite");
  return main;
}

/** The URL to import an optional package for identities at a cloud from; undefined if it is missing. @throws as `requirePeer` */
export function requireIdentity(name: string): string | undefined {
  const manifest = join(identityFolder(), "package.json");
  if (existsSync(identityFolder()))
    return pathToFileURL(createRequire(manifest).resolve(name)).href;
  if (process.env["RESTIC_OTEL_PEERS_REQUIRED"] === "1")
    throw new Error(`${name} is missing: run test/peers/install identity`);
  return undefined;
}

/** The versions are those of test/peers/install. */
function identityFolder(): string {
  return join(cacheFolder(), "identity-3.1175.0-11.3.4");
}

/** The oldest Node.js that the packages support; undefined if it is missing. @throws as `requirePeer` */
export function requireOldestNode(): string | undefined {
  const node = findOldestNode();
  if (node === undefined && process.env["RESTIC_OTEL_PEERS_REQUIRED"] === "1")
    throw new Error(`Node.js ${oldestNode()} is missing: run test/peers/install node`);
  return node;
}

function findOldestNode(): string | undefined {
  const program = join(cacheFolder(), `node-${oldestNode()}/node_modules/node/bin/node`);
  return existsSync(program) ? program : undefined;
}

function oldestNode(): string {
  const { engines }: { readonly engines: { readonly node: string } } = JSON.parse(
    readFileSync(MANIFEST, "utf8"),
  );
  return engines.node.replace(">=", "");
}

/** The version is that of test/peers/install. */
function findAzurite(): string | undefined {
  const main = join(cacheFolder(), "azurite-3.37.0/node_modules/azurite/dist/src/blob/main.js");
  return existsSync(main) ? main : undefined;
}

/** Whether tests may install packages from npm's registry: with RESTIC_OTEL_REGISTRY=1, or if peers are required. */
export function mayUseRegistry(): boolean {
  const { RESTIC_OTEL_REGISTRY, RESTIC_OTEL_PEERS_REQUIRED } = process.env;
  return RESTIC_OTEL_REGISTRY === "1" || RESTIC_OTEL_PEERS_REQUIRED === "1";
}

/** The path of the program. @throws Error if it is missing */
export function peerPath(name: Peer): string {
  const path = findPeer(name);
  if (path === undefined)
    throw new Error(`${name} is missing: run test/peers/install ${PEERS[name].module}`);
  return path;
}

function cacheFolder(): string {
  const { RESTIC_OTEL_PEERS, XDG_CACHE_HOME } = process.env;
  return (
    RESTIC_OTEL_PEERS || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "restic-otel-peers")
  );
}

/** Computes what hash_of in test/peers/install does. */
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

/** The names of the peers that were not found. */
export function missingPeers(): readonly string[] {
  const names: readonly Peer[] = [
    "restic",
    "restic-0.14.0",
    "restic-0.9.6",
    "rest-server",
    "prometheus",
    "promtool",
    "alertmanager",
    "amtool",
    "otelcol",
    "rclone",
    "versitygw",
    "client-golang",
    "vault",
    "victoria-metrics",
    "exporter-toolkit",
    "fake-gcs-server",
    "compose",
    "helm",
    "kubernetes",
  ];
  const missing: string[] = names.filter((name) => findPeer(name) === undefined);
  for (const [name, programs] of Object.entries(PACKAGES))
    if (!programs.every(isThere)) missing.push(name);
  if (findAzurite() === undefined) missing.push("azurite");
  if (!existsSync(identityFolder())) missing.push("identity");
  if (findOldestNode() === undefined) missing.push(`Node.js ${oldestNode()}`);
  return mayUseRegistry() ? missing : [...missing, "npm's registry (RESTIC_OTEL_REGISTRY=1)"];
}
