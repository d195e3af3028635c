// Changes a repository all the time: a process of its own, so that whoever measures has nothing else to do.
import { CHEAP_SCRYPT, writeRepository } from "../repositories.ts";

const [folder = "", sets, changing] = process.argv.slice(2);
const written = writeRepository(folder, Number(sets), Number(sets), CHEAP_SCRYPT);
process.send?.("written");
process.once("message", (pid) =>
  setInterval(() => {
    written.add(Number(changing));
    // The agent looks at once, unless it is looking already.
    if (typeof pid === "number") process.kill(pid, "SIGUSR1");
  }, 100),
);
process.once("disconnect", () => process.exit());
