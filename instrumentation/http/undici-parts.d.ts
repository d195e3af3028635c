// Loading all of undici takes 50 ms and 14 MB more than these two modules, which a connection without a proxy needs.

declare module "undici/lib/core/connect.js" {
  import { buildConnector } from "undici";
  export default buildConnector;
}

declare module "undici/lib/dispatcher/pool.js" {
  import { Pool } from "undici";
  export default Pool;
}
