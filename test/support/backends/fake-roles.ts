import type { FakeClock } from "../core/clock.ts";
import type { FakeS3 } from "./fake-s3.ts";
import { answer } from "../http/fault-server.ts";
import type { Fault } from "../http/fault-server.ts";

interface Given {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  /** One hour. */
  readonly expiration: string;
}

/** Issues new credentials of a role each time: `ROLE1` with `token-1`, and so on. Its FakeS3 accepts them. */
export class FakeRoles {
  readonly #s3: FakeS3;
  readonly #clock: FakeClock;
  #given = 0;

  constructor(s3: FakeS3, clock: FakeClock) {
    this.#s3 = s3;
    this.#clock = clock;
  }

  /** The Security Token Service. */
  sts(action: "AssumeRole" | "AssumeRoleWithWebIdentity"): Fault {
    return (request, response) => {
      const { id, secret, token, expiration } = this.#fresh();
      const body = `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey><SessionToken>${token}</SessionToken><Expiration>${expiration}</Expiration></Credentials></${action}Result></${action}Response>`;
      answer(body, "text/xml")(request, response);
    };
  }

  /** The metadata server of containers and instances. */
  readonly metadata: Fault = (request, response) => {
    const { id, secret, token, expiration } = this.#fresh();
    const body = {
      Code: "Success",
      AccessKeyId: id,
      SecretAccessKey: secret,
      Token: token,
      Expiration: expiration,
    };
    answer(JSON.stringify(body), "application/json")(request, response);
  };

  #fresh(): Given {
    this.#given += 1;
    const id = `ROLE${this.#given}`;
    const account = { secret: `secret-${this.#given}`, token: `token-${this.#given}` };
    this.#s3.accounts.set(id, account);
    const expiration = new Date(this.#clock.now() + 3_600_000).toISOString();
    return { id, ...account, expiration };
  }
}
