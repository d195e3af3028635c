import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FakeClock } from "../core/clock.ts";
import { FaultServer } from "./fault-server.ts";
import { LoopbackProxy } from "./loopback-proxy.ts";

/** A file with a key and a certificate, which signs itself. */
const TLS = join(import.meta.dirname, "../../fixtures/tls/server.pem");

/** The endpoints of a cloud, by TLS, behind a proxy; with a home folder and a clock for its user. */
export class TlsCloud {
  readonly server: FaultServer;
  readonly proxy: LoopbackProxy;
  readonly home: string;
  readonly clock = new FakeClock(Date.now());

  private constructor(server: FaultServer, proxy: LoopbackProxy, home: string) {
    this.server = server;
    this.proxy = proxy;
    this.home = home;
  }

  static async start(): Promise<TlsCloud> {
    const home = await mkdtemp(join(tmpdir(), "identity-"));
    const server = await FaultServer.start({ tls: { pem: await readFile(TLS, "utf8") } });
    return new TlsCloud(server, await LoopbackProxy.start(() => server.port), home);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.server.stop();
    await rm(this.home, { recursive: true });
  }
}
