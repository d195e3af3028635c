// Adds snapshots to a repository ten times a second, in a separate process, so that the measuring process stays idle.
import { CHEAP_SCRYPT, writeRepository } from "../repositories.ts";

const [folder = "", sets, changing] = process.argv.slice(2);
const written = writeRepository(folder, Number(sets), Number(sets), CHEAP_SCRYPT);
process.send?.("written");
process.once("message", (pid) =>
  setInterval(() => {
    written.add(Number(changing));
    // USR1 starts a collection, unless one is running.
    if (typeof pid === "number") process.kill(pid, "SIGUSR1");
  }, 100),
);
process.once("disconnect", () => process.exit());
