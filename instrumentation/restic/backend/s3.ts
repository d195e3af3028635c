import { AgentError } from "../../core/error.ts";
import type { Backend } from "./backend.ts";
import type { BackendContext } from "./open.ts";
import type { S3Location } from "./s3-location.ts";

/** A bucket of a server that speaks Amazon's S3. */
export async function openS3(location: S3Location, _context: BackendContext): Promise<Backend> {
  throw new AgentError(
    "config",
    `repositories on s3 cannot be read yet: ${location.endpoint}/${location.bucket}`,
  );
}
