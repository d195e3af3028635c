import { httpClient } from "./http.ts";
import type { HttpOptions, Send } from "./http.ts";

/** For a service of several hosts: a client goes through one proxy or none, and each host may have its own. */
export function clientPerOrigin(options: HttpOptions): Send {
  const clients = new Map<string, Send>();
  return (request, signal) => {
    const { origin } = request.url;
    const send = clients.get(origin) ?? httpClient(options);
    clients.set(origin, send);
    return send(request, signal);
  };
}
