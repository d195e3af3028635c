// A server that writes a prepared response of a given size: the lower bound for any server.
import { createServer } from "node:net";

const [plain = 0, gzip = 0] = process.argv.slice(1).map(Number);
const answerOf = (bytes: number, encoding: string): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\n${encoding}content-length: ${bytes}\r\n\r\n`),
    Buffer.alloc(bytes, "a"),
  ]);
const plainAnswer = answerOf(plain, "");
const gzipAnswer = answerOf(gzip, "content-encoding: gzip\r\n");
const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (request) => socket.write(request.includes("gzip") ? gzipAnswer : plainAnswer));
  socket.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address)
    process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
