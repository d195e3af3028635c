import { AgentError } from "../../../instrumentation/core/error.ts";
import { parseJsonObject } from "../../../instrumentation/core/json.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import { parseAzurePage } from "../../../instrumentation/backends/azure/listing.ts";
import { parseXml } from "../../../instrumentation/backends/object-store/xml.ts";
import { ListingReader } from "../../../instrumentation/backends/rest/listing.ts";
import { parseListing } from "../../../instrumentation/backends/s3/listing.ts";
import { MalformedPacket, PacketReader } from "../../../instrumentation/backends/sftp/packet.ts";
import { statedReason } from "../../../instrumentation/vault/transport.ts";
import { checkResponse } from "../../../src/telemetry/otlp/response.ts";
import type { Target } from "../target.ts";

const NAME = "0123456789abcdef".repeat(4);
const XML_HEADS = ["", "<", "<a", "<a ", '<a b="', "<a>", "<!--", "<![CDATA[", "<?", "<a>&", "</"];

export const S3_PAGE = `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken><Contents><Key>p%2Fkeys/${NAME}</Key><Size>1</Size></Contents></ListBucketResult>`;
export const AZURE_PAGE = `<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name>keys/${NAME}</Name></Blob></Blobs><NextMarker/></EnumerationResults>`;
export const REST_LISTING = JSON.stringify([{ name: NAME, size: 5 }, { name: "x" }]);

/** In chunks of one byte, it must give the same files. */
function restListing(input: Buffer): string | undefined {
  const whole = new ListingReader("data", "where", { sizes: true });
  whole.push(input);
  return JSON.stringify(whole.end());
}

function restListingByBytes(input: Buffer): string | undefined {
  const bytes = new ListingReader("data", "where", { sizes: true });
  for (let at = 0; at < input.length; at++) bytes.push(input.subarray(at, at + 1));
  return JSON.stringify(bytes.end());
}

/** Responses of servers. */
export const ANSWERS: readonly Target[] = [
  {
    name: "listings of REST servers",
    seeds: [REST_LISTING, JSON.stringify([NAME, "b"]), "[]"],
    take: restListing,
    reference: restListingByBytes,
    heads: ["", "[", '["', '[{"name":"', "[{"],
  },
  { name: "XML", seeds: [S3_PAGE, "<a>&#x41;<![CDATA[x]]></a>"], take: parseXml, heads: XML_HEADS },
  {
    name: "listings of S3",
    seeds: [S3_PAGE],
    take: (input) => parseListing(input, { prefix: "p/keys/", deep: false, old: false }),
    heads: XML_HEADS,
  },
  { name: "listings of Azure", seeds: [AZURE_PAGE], take: parseAzurePage, heads: XML_HEADS },
  {
    name: "JSON of servers",
    seeds: [JSON.stringify({ files: [{ fileName: NAME, action: "upload" }], nextFileName: null })],
    take: (input) => parseJsonObject(input),
    heads: ["", "{", '{"a":', '{"a":"', '{"a":[', '{"a":1'],
  },
  {
    name: "SFTP packets",
    seeds: [
      Buffer.concat([Buffer.of(0, 0, 0, 5, 2, 0, 0, 0, 3), Buffer.of(0, 0, 0, 5, 101, 0, 0, 0, 1)]),
    ],
    take: (input) => [...new PacketReader().read(input)].map(({ type }) => type),
    mayThrow: (error) => error instanceof MalformedPacket,
    heads: ["", "\0\0\0\x01"],
  },
  {
    name: "reasons of Vault",
    seeds: ["1 error occurred:\n\t* permission denied\n\n", "token SECRETPW is bad"],
    take: (input) => {
      const reason = statedReason({ errors: [input.toString()] }, [new Secret("SECRETPW")]);
      throw new AgentError("secret", reason);
    },
    heads: ["", "1 ", "1 error"],
  },
  {
    name: "OTLP answers in JSON",
    seeds: ['{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"m"}}', "{}"],
    take: (input) => otlp("http/json", 200, input),
    heads: ["", "{", '{"a":'],
  },
  {
    name: "OTLP answers in Protobuf",
    seeds: [Buffer.of(10, 5, 8, 3, 18, 1, 109)],
    take: (input) => otlp("http/protobuf", 200, input),
  },
  {
    name: "refusals of OTLP receivers",
    seeds: ["<html>", "quota exceeded"],
    take: (input) => otlp("http/json", 400, input),
  },
];

function otlp(protocol: "http/json" | "http/protobuf", status: number, body: Buffer): void {
  const endpoint = {
    url: "http://h:4318/v1/metrics",
    headers: {},
    protocol,
    compression: "none",
    timeoutMs: 1000,
    tls: { ca: undefined, cert: undefined, key: undefined },
  } as const;
  checkResponse({ status, headers: {}, body }, endpoint, String);
}
