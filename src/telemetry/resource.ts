import { createHash } from "node:crypto";
import { hostname } from "node:os";

import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";

import type { Producer } from "./collect-metrics.ts";

/**
 * `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` override the attributes.
 * @param installation distinguishes installations on the same host
 */
export function agentProducer(version: string, installation: string): Producer {
  const agent = resourceFromAttributes({
    "service.name": "restic-otel",
    "service.version": version,
    "service.instance.id": instanceId(`${hostname()}\n${installation}`),
    "host.name": hostname(),
  });
  const environment = detectResources({ detectors: [envDetector] });
  // The default resource has telemetry.sdk.*.
  return { resource: defaultResource().merge(agent).merge(environment), version };
}

/** Stays the same after a restart: a UUID of version 8 (RFC 9562). */
function instanceId(name: string): string {
  const bytes = createHash("sha256").update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
