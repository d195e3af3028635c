import { AgentError } from "../core/error.ts";
import { percentDecoded } from "../core/parse-text.ts";
import { BlockList, isIP } from "node:net";

export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Chooses the proxy for a URL as Go programs do (golang.org/x/net/http/httpproxy): `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` in
 * upper or lower case; never for loopback.
 * @returns undefined: no proxy
 * @throws AgentError `config` if the variable is not the address of an HTTP or SOCKS5 proxy
 */
export function proxyFor(url: URL, environment: ProxyEnvironment): URL | undefined {
  const variable = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = environment[variable] || environment[variable.toLowerCase()];
  if (!proxy) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const exempt = environment["NO_PROXY"] || environment["no_proxy"] || "";
  if (
    isLoopback(host) ||
    exempt.split(",").some((entry) => matches(entry.trim().toLowerCase(), host, port))
  )
    return undefined;
  const address = URL.parse(proxy.includes("://") ? proxy : `http://${proxy}`);
  if (!address || address.hostname === "" || !/^(?:https?|socks5h?):$/.test(address.protocol))
    throw new AgentError(
      "config",
      `${variable} is not an address like http://host:3128 or socks5://host:1080`,
    );
  if (percentDecoded(address.username + address.password) === undefined)
    throw new AgentError("config", `${variable}: a % in the login must be written %25`);
  return address;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

function isLoopback(host: string): boolean {
  return host === "localhost" || contains(LOOPBACK, host);
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  const [, bareHost = entry, barePort] =
    /^(.*?|\[.*\])(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (barePort !== undefined && barePort !== port) return false;
  const name = bareHost.replace(/^\[(.*)\]$/, "$1");
  const slash = name.indexOf("/");
  if (slash > 0) return inSubnet(name.slice(0, slash), Number(name.slice(slash + 1)), host);
  const version = isIP(name);
  if (version > 0) return inSubnet(name, version === 6 ? 128 : 32, host);
  const suffix = name.replace(/^\*/, "");
  return suffix.startsWith(".")
    ? host.endsWith(suffix)
    : host === suffix || host.endsWith(`.${suffix}`);
}

function inSubnet(network: string, prefix: number, host: string): boolean {
  const version = isIP(network);
  if (
    version === 0 ||
    !Number.isInteger(prefix) ||
    prefix < 0 ||
    prefix > (version === 6 ? 128 : 32)
  )
    return false;
  const subnet = new BlockList();
  subnet.addSubnet(network, prefix, version === 6 ? "ipv6" : "ipv4");
  return contains(subnet, host);
}

function contains(list: BlockList, host: string): boolean {
  const version = isIP(host);
  return version > 0 && list.check(host, version === 6 ? "ipv6" : "ipv4");
}
