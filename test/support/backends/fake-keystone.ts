import { isDeepStrictEqual } from "node:util";
import { text } from "node:stream/consumers";

import { status } from "../http/fault-server.ts";
import type { Fault } from "../http/fault-server.ts";

interface Given {
  /** The token for the object storage. */
  readonly token: string;
  readonly storageUrl: string;
  /** ISO 8601. */
  readonly expires?: string;
}

const DOMAIN = { name: "Default" };
const PASSWORD = "a+pass word";

/** OpenStack's identity service, versions 2 and 3, with one user, one project and one application credential. It rejects unknown members. */
export class FakeKeystone {
  /** The logins in order: `v3 password project`, `v2 tenant`. */
  readonly asked: string[] = [];
  given: () => Promise<Given>;

  constructor(given: () => Promise<Given>) {
    this.given = given;
  }

  /** The variables for each kind of login. */
  static variables(url: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
    const user = { OS_USERNAME: "monitor", OS_PASSWORD: PASSWORD };
    const v3 = { OS_AUTH_URL: `${url}/identity/v3`, OS_REGION_NAME: "two" };
    const domains = { OS_USER_DOMAIN_NAME: "Default", OS_PROJECT_DOMAIN_NAME: "Default" };
    return {
      "v2 tenant": { ...user, OS_AUTH_URL: `${url}/identity/v2.0`, OS_TENANT_NAME: "backups" },
      "v3 password project": { ...user, ...v3, ...domains, OS_PROJECT_NAME: "backups" },
      "v3 application_credential": {
        ...v3,
        OS_APPLICATION_CREDENTIAL_ID: "credential-1",
        OS_APPLICATION_CREDENTIAL_SECRET: PASSWORD,
      },
    };
  }

  readonly serve: Fault = (request, response) => {
    void (async () => {
      const body: unknown = JSON.parse((await text(request)) || "null");
      const { token, storageUrl, expires = "2096-10-02T07:06:40Z" } = await this.given();
      const regions = ["one", "two"] as const;
      const urlIn = (region: string): string =>
        region === "two" ? storageUrl : "http://127.0.0.1:1/no";
      if (request.url === "/identity/v2.0/tokens" && isDeepStrictEqual(body, V2)) {
        this.asked.push("v2 tenant");
        const endpoints = regions
          .toReversed()
          .map((region) => ({ region, publicURL: urlIn(region) }));
        const serviceCatalog = [{ type: "object-store", endpoints }];
        const access = { token: { id: token, expires }, serviceCatalog };
        return response.end(JSON.stringify({ access }));
      }
      const way = V3.find(([, known]) => isDeepStrictEqual(body, known));
      if (request.url !== "/identity/v3/auth/tokens" || !way) {
        this.asked.push(JSON.stringify(body));
        return status(401)(request, response);
      }
      this.asked.push(`v3 ${way[0]}`);
      const endpoints = regions.flatMap((region) => [
        { interface: "internal", region, url: "http://127.0.0.1:1/internal" },
        { interface: "public", region, region_id: region, url: urlIn(region) },
      ]);
      const catalog = [
        { type: "identity", endpoints: [] },
        { type: "object-store", endpoints },
      ];
      response.writeHead(201, { "x-subject-token": token, "content-type": "application/json" });
      response.end(JSON.stringify({ token: { expires_at: expires, catalog } }));
    })();
  };
}

const V2 = {
  auth: {
    passwordCredentials: { username: "monitor", password: PASSWORD },
    tenantName: "backups",
  },
};

const V3: readonly (readonly [way: string, body: object])[] = [
  [
    "password project",
    {
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: "monitor", domain: DOMAIN, password: PASSWORD } },
        },
        scope: { project: { name: "backups", domain: DOMAIN } },
      },
    },
  ],
  applicationCredential({}),
  // restic's client sends an empty user name beside the id, which Keystone accepts.
  applicationCredential({ user: {} }),
];

function applicationCredential(more: object): readonly [string, object] {
  const application_credential = { id: "credential-1", secret: PASSWORD, ...more };
  const identity = { methods: ["application_credential"], application_credential };
  return ["application_credential", { auth: { identity } }];
}
