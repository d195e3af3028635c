/** An import statement would evaluate all exports of node:http, of which WebSocket loads undici: 25 ms at each start. */
export const { createServer, STATUS_CODES } = process.getBuiltinModule("node:http");
