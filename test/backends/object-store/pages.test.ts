import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { MAX_PAGE_BYTES } from "../../../instrumentation/backends/object-store/object-store.ts";
import { FakeB2 } from "../../support/backends/fake-b2.ts";
import { HTTP_PLACES } from "../../support/backends/http-places.ts";
import { FaultServer, answer } from "../../support/http/fault-server.ts";
import type { Fault } from "../../support/http/fault-server.ts";

const { signal } = new AbortController();
const ID = "ab".repeat(32);
/** The longest name of an object, in bytes of UTF-8. */
const NAME_BYTES = 1024;

interface Entry {
  readonly name: string;
  /** As the service would write it. */
  readonly size: string;
}

interface Store {
  /** Names in the largest page. */
  readonly most: number;
  /** The letter that takes the most bytes in the form of the service. */
  readonly widest: string;
  readonly page: (entries: readonly Entry[]) => string;
}

const escaped = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const DATES =
  "<Creation-Time>Mon, 30 Nov 2026 07:00:00 GMT</Creation-Time><Last-Modified>Mon, 30 Nov 2026 07:00:00 GMT</Last-Modified>";

const STORES: Readonly<Record<string, Store>> = {
  S3: {
    most: 1000,
    widest: "ä",
    page: (entries) =>
      `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${entries
        .map(
          ({ name, size }) =>
            `<Contents><Key>${encodeURIComponent(name)}</Key><LastModified>2026-11-30T07:00:00.000Z</LastModified><ETag>&quot;${ID}&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Owner><ID>${ID}</ID><DisplayName>${ID}</DisplayName></Owner><Size>${size}</Size><StorageClass>INTELLIGENT_TIERING</StorageClass></Contents>`,
        )
        .join("")}</ListBucketResult>`,
  },
  B2: {
    most: 1000,
    widest: '"',
    page: (entries) =>
      `{"files":[${entries
        .map(
          ({ name, size }) =>
            `{"action":"upload","fileName":${escaped(name)},"contentLength":${size},"fileInfo":{"a":"${"x".repeat(7000)}"}}`,
        )
        .join(",")}],"nextFileName":null}`,
  },
  Azure: {
    most: 5000,
    widest: "a",
    page: (entries) =>
      `<EnumerationResults><Blobs>${entries
        .map(
          ({ name, size }) =>
            `<Blob><Name>${name}</Name><Properties>${DATES}<Etag>0x8DCABCDEF012345</Etag><Content-Length>${size}</Content-Length><Content-Type>application/octet-stream</Content-Type><Content-Encoding /><Content-Language /><Content-CRC64>AAAAAAAAAAA=</Content-CRC64><Content-MD5>AAAAAAAAAAAAAAAAAAAAAA==</Content-MD5><Cache-Control /><Content-Disposition /><BlobType>BlockBlob</BlobType><AccessTier>Archive</AccessTier><AccessTierInferred>true</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties><OrMetadata /></Blob>`,
        )
        .join("")}</Blobs><NextMarker /></EnumerationResults>`,
  },
  Google: {
    most: 1000,
    widest: "ä",
    page: (entries) =>
      `{"kind":"storage#objects","items":[${entries
        .map(({ name, size }) => `{"name":${escaped(name)},"size":"${size}"}`)
        .join(",")}]}`,
  },
  Swift: {
    most: 1000,
    widest: "ä",
    page: (entries) =>
      `[${entries
        .map(
          ({ name, size }) =>
            `{"bytes":${size},"content_type":"application/octet-stream","hash":"${ID}","last_modified":"2026-11-30T07:00:00.000000","name":${escaped(name)}}`,
        )
        .join(",")}]`,
  },
};

let server: FaultServer;

beforeEach(async () => {
  server = await FaultServer.start();
});

afterEach(() => server.stop());

describe.for(Object.entries(STORES))("%s:", ([name, { most, widest, page }]) => {
  const place = HTTP_PLACES[name];

  /** Lists `data` at a server that answers with these objects. */
  async function list(entries: readonly Entry[]) {
    const body = page(entries);
    const prelude: readonly Fault[] = place?.prelude?.(server) ?? [];
    server.answers(...prelude, answer(body));
    const backend = await place?.open(server, {});
    const listed = await backend?.list("data", undefined, signal, { sizes: true });
    return { ...listed, body };
  }

  test("the largest page, with names of the longest kind, is within the bound", async () => {
    const litter = `repo/data/ab/${widest.repeat(NAME_BYTES / Buffer.byteLength(widest) - 16)}`;
    const entries = Array.from({ length: most }, (_, index) => ({
      name: index === 0 ? `repo/data/ab/${ID}` : litter,
      size: "17",
    }));
    const { names, sizes, body } = await list(entries);
    expect({ names, sizes }).toEqual({ names: [ID], sizes: [17] });
    expect(Buffer.byteLength(body)).toBeLessThan(MAX_PAGE_BYTES);
  });

  test("sizes are bounded, and unknown if one of them is none", async () => {
    const named = `repo/data/ab/${ID}`;
    const huge = await list([{ name: named, size: "99999999999999999999" }]);
    expect(huge.sizes).toEqual([Number.MAX_SAFE_INTEGER]);
    const bad = await list([
      { name: named, size: "1" },
      { name: named, size: "-1" },
    ]);
    expect(bad.names).toEqual([ID, ID]);
    expect(bad.sizes).toBeUndefined();
  });
});

describe.for(["S3", "Azure", "Google", "Swift"])("%s:", (name) => {
  test.for([
    [undefined, "repo/data/"],
    ["a", "repo/data/a"],
    ["ab", "repo/data/ab/ab"],
    [ID, `repo/data/ab/${ID}`],
  ] as const)("the prefix %s asks for %s", async ([prefix, asked]) => {
    server.answers(answer(STORES[name]?.page([]) ?? ""));
    const backend = await HTTP_PLACES[name]?.open(server, {});
    await backend?.list("data", undefined, signal, { prefix });
    const { searchParams } = new URL(server.requests.at(-1)?.url ?? "", server.url);
    expect(searchParams.get("prefix")).toBe(asked);
  });
});

test("a prefix at B2 is a prefix of the file names", async () => {
  const b2 = new FakeB2(() => server.url);
  b2.may = b2.restricted();
  b2.files = new Map([[`repo/data/ab/${ID}`, Buffer.from("pack")]]);
  server.answers(b2.serve);
  const backend = await HTTP_PLACES["B2"]?.open(server, { environment: b2.environment });
  const page = await backend?.list("data", undefined, signal, { prefix: "ab", sizes: true });
  expect(page).toMatchObject({ names: [ID], sizes: [4] });
  expect(b2.asked.at(-1)).toContain('"prefix":"repo/data/ab/ab"');
});
