import { faultSuite } from "../support/backends/fault-suite.ts";
import { HTTP_PLACES } from "../support/backends/http-places.ts";

for (const [name, place] of Object.entries(HTTP_PLACES)) faultSuite(name, place);
