import { peerPath } from "../agent/peers.ts";
import { startServer, type Server } from "../http/server.ts";

interface RestServerOptions {
  /** The folder that holds the repositories. */
  readonly path: string;
  /** Further arguments. Without `--htpasswd-file` no login is needed. */
  readonly args?: readonly string[];
}

/**
 * Starts rest-server; a repository is `rest:${url}/name`. Its log has one line a request, in the combined log format
 * (`"GET /name/config HTTP/1.1" 200`), written after the answer: count requests after stop().
 */
export async function startRestServer({ path, args = [] }: RestServerOptions): Promise<Server> {
  const scheme = args.includes("--tls") ? "https" : "http";
  const auth = args.includes("--htpasswd-file") ? [] : ["--no-auth"];
  return startServer({
    command: peerPath("rest-server"),
    args: ["--path", path, "--listen", "127.0.0.1:0", "--log", "-", ...auth, ...args],
    // The server listens before it prints this line.
    announces: /start server on (\S+)\n/,
    // With `--listen unix:/s` in args the address is a path, and restic writes rest:http+unix:///s:/name.
    url: (address) =>
      address.startsWith("/") ? `http+unix://${address}:` : `${scheme}://${address}`,
  });
}
