import type { IncomingMessage } from "node:http";
import type { TLSSocket, TlsOptions } from "node:tls";
import { isDeepStrictEqual } from "node:util";

import type { Clock, Logger } from "restic-otel-instrumentation/internal";

import { textAnswer } from "../response.ts";
import type { Answer } from "../response.ts";
import { openBcrypt } from "./bcrypt.ts";
import { rejectReason } from "./client-certificate.ts";
import { Login } from "./login.ts";
import { tokenBucket } from "./token-bucket.ts";
import type { TakeToken } from "./token-bucket.ts";
import { readWebConfig } from "./web-config-file.ts";
import type { LoadedWebConfig, Reading } from "./web-config-file.ts";

/** A change takes effect after two equal checks, within two seconds. */
const CHECK_INTERVAL_MS = 500;

export interface ProtectionOptions {
  readonly file: string;
  /** Paths without login and without rate limit. */
  readonly open: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Applies the TLS settings, logins, headers and rate limit of a web config file, and follows its changes. */
export class Protection {
  readonly #options: ProtectionOptions;
  readonly #bcrypt = openBcrypt();
  readonly #login = new Login(this.#bcrypt);
  readonly #ended = new AbortController();
  #config: LoadedWebConfig;
  #takeToken: TakeToken | undefined;
  #reading: Reading;
  #following: Promise<void> = Promise.resolve();

  private constructor(options: ProtectionOptions, reading: Reading, config: LoadedWebConfig) {
    this.#options = options;
    this.#reading = reading;
    this.#config = config;
    this.#takeToken = config.rateLimit && tokenBucket(config.rateLimit, options.clock);
  }

  /** @throws AgentError `config` with all problems, one per line */
  static async open(options: ProtectionOptions): Promise<Protection> {
    const reading = await readWebConfig(options.file);
    if ("error" in reading) throw reading.error;
    const protection = new Protection(options, reading, reading.loaded);
    protection.#following = protection.#follow();
    return protection;
  }

  /** Whether the file was valid when it was last read. */
  get reloadSuccessful(): boolean {
    return "loaded" in this.#reading;
  }

  /** undefined: no TLS. A new object after each change; TLS is never switched on or off. */
  get secure(): TlsOptions | undefined {
    return this.#config.secure;
  }

  /** Headers of every response; an empty value omits the header. */
  get headers(): Readonly<Record<string, string>> {
    return this.#config.headers;
  }

  /** Why a client is rejected after the handshake; undefined: it is accepted. */
  rejectReason(socket: TLSSocket): string | undefined {
    return this.#config.tls && rejectReason(socket, this.#config.tls);
  }

  /** The response to a request that is rejected; undefined: it is allowed. */
  async authorize({ headers }: IncomingMessage, path: string): Promise<Answer | undefined> {
    if (this.#options.open.includes(path)) return undefined;
    if (this.#takeToken?.() === false) return textAnswer(429, "too many requests");
    const { users } = this.#config;
    if (users.size === 0) return undefined;
    switch (await this.#login.check(headers.authorization, users)) {
      case "allowed":
        return undefined;
      case "denied":
        return textAnswer(401, "login required", {
          "www-authenticate": 'Basic realm="restic-otel", charset="UTF-8"',
        });
      case "busy":
        return textAnswer(503, "too many logins are being checked, try again", {
          "retry-after": "1",
        });
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
        await clock.sleep(CHECK_INTERVAL_MS, this.#ended.signal);
      } catch {
        return;
      }
      const current = await this.#reading.texts.reread();
      // A file that is being written differs at each check: wait until it is stable.
      if (!current.equals(this.#reading.texts) && current.equals(last)) {
        this.#apply(await readWebConfig(file));
        last = this.#reading.texts;
      } else last = current;
    }
  }

  #apply(reading: Reading): void {
    const before = this.#reading;
    this.#reading = reading;
    const { file, logger, clock } = this.#options;
    if ("error" in reading) {
      const { message } = reading.error;
      if ("loaded" in before || before.error.message !== message)
        for (const line of message.split("\n"))
          logger.error("web config rejected, the previous one stays in effect", { error: line });
      return;
    }
    const { loaded } = reading;
    const { secure, tls, users, rateLimit } = this.#config;
    const keepsTls = (secure === undefined) !== (loaded.secure === undefined);
    const keepsUsers = users.size > 0 && loaded.users.size === 0;
    if (keepsTls) logger.warn(`switching TLS ${secure ? "off" : "on"} needs a restart`, { file });
    if (keepsUsers) logger.warn("removing all basic_auth_users needs a restart", { file });
    this.#config = {
      ...loaded,
      ...(keepsTls && { secure, tls }),
      ...(keepsUsers && { users }),
    };
    if (!isDeepStrictEqual(rateLimit, loaded.rateLimit))
      this.#takeToken = loaded.rateLimit && tokenBucket(loaded.rateLimit, clock);
    logger.info("web config reloaded", { file });
  }
}
