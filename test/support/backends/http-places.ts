import { openB2At } from "./b2-backend.ts";
import { FakeB2 } from "./fake-b2.ts";
import type { FaultyPlace } from "./fault-suite.ts";
import { openStoreAt } from "./object-store-backend.ts";
import { openRestAt } from "./rest-backend.ts";
import { openS3At } from "./s3-backend.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "AKIDOFTHETEST", AWS_SECRET_ACCESS_KEY: "a/secret+key" };
const AZURE_KEY = Buffer.from("a key of the account").toString("base64");

const b2 = new FakeB2(() => "");
b2.may = b2.restricted();

/** A backend for each protocol over HTTP, with its logins. */
export const HTTP_PLACES: Readonly<Record<string, FaultyPlace>> = {
  REST: {
    open: ({ url }, options) =>
      openRestAt(`rest:${url.replace("//", "//me:aSecret@")}/repo`, options),
    names: "/repo/",
    secrets: ["aSecret"],
    missingListing: "transient not_found",
  },

  S3: {
    open: ({ url }, { environment, ...options }) =>
      openS3At(`s3:${url}/bucket/repo`, {
        ...options,
        environment: { ...KEYS, ...environment },
      }),
    names: "/bucket/repo/",
    secrets: Object.values(KEYS),
    missingListing: "other",
  },

  B2: {
    open: ({ url }, { environment, ...options }) =>
      openB2At("b2:backups:repo", {
        ...options,
        environment: { ...b2.environment, B2_API_URL: url, ...environment },
      }),
    prelude: ({ url }) => {
      b2.apiUrl = () => url;
      b2.downloadUrl = () => url;
      return [b2.serve];
    },
    names: "b2:backups:repo/",
    secrets: [b2.keyId, b2.key, "token_"],
    missingListing: "other",
  },

  Azure: {
    open: ({ url }, { environment, ...options }) =>
      openStoreAt("azure:backups:/repo", {
        ...options,
        environment: {
          AZURE_ACCOUNT_NAME: "account",
          AZURE_ACCOUNT_KEY: AZURE_KEY,
          AZURE_ENDPOINT_SUFFIX: url,
          ...environment,
        },
      }),
    names: "azure:backups:/repo/",
    secrets: [AZURE_KEY],
    missingListing: "other",
  },

  Google: {
    open: ({ url }, { environment, ...options }) =>
      openStoreAt("gs:backups:/repo", {
        ...options,
        environment: {
          GOOGLE_ACCESS_TOKEN: "ya29.aToken",
          STORAGE_EMULATOR_HOST: url,
          ...environment,
        },
      }),
    names: "gs:backups:/repo/",
    secrets: ["ya29.aToken"],
    missingListing: "not_found",
  },

  Swift: {
    open: ({ url }, { environment, ...options }) =>
      openStoreAt("swift:backups:/repo", {
        ...options,
        environment: {
          OS_STORAGE_URL: `${url}/v1/AUTH_account`,
          OS_AUTH_TOKEN: "gAAAAAtoken",
          ...environment,
        },
      }),
    names: "swift:backups:/repo/",
    secrets: ["gAAAAAtoken"],
    missingListing: "not_found",
  },
};
