import type { IncomingMessage } from "node:http";
import type { TLSSocket, TlsOptions } from "node:tls";
import { isDeepStrictEqual } from "node:util";

import type { AgentError, Clock, Logger } from "restic-otel-instrumentation/internal";

import { textAnswer } from "../response.ts";
import type { Answer } from "../response.ts";
import { openBcrypt } from "./bcrypt.ts";
import { rejectReason } from "./client-certificate.ts";
import { Login } from "./login.ts";
import { TokenBucket } from "./token-bucket.ts";
import { readWebConfig } from "./web-config-file.ts";
import type { LoadedWebConfig, Reading } from "./web-config-file.ts";

/** Twice this and the time to read: a change is in force within two seconds. */
const LOOK_EVERY_MS = 500;

export interface ProtectionOptions {
  readonly file: string;
  /** Paths that are answered without a login and without counting for the rate limit. */
  readonly open: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** TLS, logins, headers and rate limit as a web config file says, and as it says after a change. */
export class Protection {
  readonly #options: ProtectionOptions;
  readonly #bcrypt = openBcrypt();
  readonly #login = new Login(this.#bcrypt);
  readonly #ended = new AbortController();
  #config: LoadedWebConfig;
  #limiter: TokenBucket | undefined;
  #reading: Reading;
  #following: Promise<void> = Promise.resolve();

  private constructor(options: ProtectionOptions, reading: Reading, config: LoadedWebConfig) {
    this.#options = options;
    this.#reading = reading;
    this.#config = config;
    this.#limiter = config.rateLimit && new TokenBucket(config.rateLimit, options.clock);
  }

  /** @throws AgentError `config` with all that is wrong, a line each */
  static async open(options: ProtectionOptions): Promise<Protection> {
    const reading = await readWebConfig(options.file);
    if ("refused" in reading) throw reading.refused;
    const protection = new Protection(options, reading, reading.loaded);
    protection.#following = protection.#follow();
    return protection;
  }

  /** Whether the file could be taken over when it was last read. */
  get reloadSuccessful(): boolean {
    return "loaded" in this.#reading;
  }

  /** Undefined: no TLS. Another object after each change; whether there is one never changes. */
  get secure(): TlsOptions | undefined {
    return this.#config.secure;
  }

  /** Headers of every answer that a login does not stand in the way of; an empty one is to be left out. */
  get headers(): Readonly<Record<string, string>> {
    return this.#config.headers;
  }

  /** Why a client whose handshake is done may not come in; undefined if it may. */
  rejectReason(socket: TLSSocket): string | undefined {
    return this.#config.tls && rejectReason(socket, this.#config.tls);
  }

  /** What a request is answered with in place of what it asks for; undefined if it may have it. */
  async authorize({ headers }: IncomingMessage, path: string): Promise<Answer | undefined> {
    if (this.#options.open.includes(path)) return undefined;
    if (this.#limiter?.take() === false) return textAnswer(429, "too many requests");
    const { users } = this.#config;
    if (users.size === 0) return undefined;
    switch (await this.#login.check(headers.authorization, users)) {
      case "welcome":
        return undefined;
      case "denied":
        return textAnswer(401, "a login is needed", {
          "www-authenticate": 'Basic realm="restic-otel", charset="UTF-8"',
        });
      case "busy":
        return textAnswer(503, "too many logins are being checked", { "retry-after": "1" });
    }
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#following;
    await this.#bcrypt.stop();
  }

  async #follow(): Promise<void> {
    const { clock, file } = this.#options;
    let last = this.#reading.texts;
    for (;;) {
      try {
        await clock.sleep(LOOK_EVERY_MS, this.#ended.signal);
      } catch {
        return;
      }
      const seen = await this.#reading.texts.again();
      // A file that is being written looks different each time.
      if (!seen.equals(this.#reading.texts) && seen.equals(last)) {
        this.#take(await readWebConfig(file));
        last = this.#reading.texts;
      } else last = seen;
    }
  }

  #take(reading: Reading): void {
    const before = this.#reading;
    this.#reading = reading;
    const { logger, clock } = this.#options;
    if ("refused" in reading) {
      if ("loaded" in before || before.refused.message !== reading.refused.message)
        this.#refuse(reading.refused);
      return;
    }
    const { loaded } = reading;
    const { secure, tls, users, rateLimit } = this.#config;
    const keepsTls = (secure === undefined) !== (loaded.secure === undefined);
    const keepsUsers = users.size > 0 && loaded.users.size === 0;
    if (keepsTls)
      logger.warn(`switching TLS ${secure ? "off" : "on"} needs a restart`, {
        file: this.#options.file,
      });
    if (keepsUsers)
      logger.warn("a removal of all basic_auth_users needs a restart", {
        file: this.#options.file,
      });
    this.#config = {
      ...loaded,
      ...(keepsTls && { secure, tls }),
      ...(keepsUsers && { users }),
    };
    if (!isDeepStrictEqual(rateLimit, loaded.rateLimit))
      this.#limiter = loaded.rateLimit && new TokenBucket(loaded.rateLimit, clock);
    logger.info("web config reloaded", { file: this.#options.file });
  }

  #refuse({ message }: AgentError): void {
    for (const line of message.split("\n"))
      this.#options.logger.error("web config refused, the old one stays", { error: line });
  }
}
