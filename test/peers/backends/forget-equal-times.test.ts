import { once } from "node:events";
import { createServer } from "node:http";
import { isDeepStrictEqual } from "node:util";

import { expect, test } from "vitest";

import { requirePeer } from "../../support/agent/peers.ts";
import { listeningPort } from "../../support/core/listening-port.ts";
import { Dice } from "../../support/core/dice.ts";
import { forgotten, idsOf, replayed } from "../../support/expectations/forget-outcomes.ts";
import type { Outcomes } from "../../support/expectations/forget-outcomes.ts";
import { randomPolicy, randomSnapshots } from "../../support/expectations/random-retention.ts";
import { restFiles } from "../../support/repository/rest-files.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";
import { snapshotOf } from "../../support/repository/snapshot-of.ts";

const NOW = Date.parse("2020-06-17T12:00:00Z");
const HOSTS = 50;
/** Go sorts lists of this length in place: of equal times the file that is listed first stays the first. */
const SHORT = 12;

test.skipIf(!requirePeer("restic"))(
  "of equal times the replay keeps the ids that restic keeps, whatever the order of its listing",
  async () => {
    let compared = 0;
    let decided = 0;
    for (let seed = 0; seed < 10; seed++) {
      const dice = new Dice(seed);
      const taken = new Set<number>();
      const sealed = new SealedRepository("p");
      const snapshots = Array.from({ length: HOSTS }, (_, index) =>
        randomSnapshots(dice, `host-${index}`, taken, NOW)
          // Of two snapshots with equal times one may have a tag that keeps it.
          .flatMap((one) => (dice.roll(3) === 0 ? [one, { ...one, tags: ["a", "b"] }] : [one]))
          .map((fields) => {
            const text = JSON.stringify({ tree: "0".repeat(64), ...fields });
            return snapshotOf(sealed.addSnapshotText(text), text);
          }),
      ).flat();
      const server = await ListingServer.start();
      try {
        for (let round = 0; round < 3; round++) {
          const policy = { ...randomPolicy(dice), tags: ["a,b"] };
          const answers: Outcomes[] = [];
          for (const order of orders(sealed.files, dice)) {
            server.files = order;
            answers.push(await forgotten(server.url, policy, idsOf));
          }
          for (const [key, actual] of Object.entries(replayed(snapshots, policy, idsOf))) {
            if (key.split(" ").length > SHORT) continue;
            const [first, ...others] = answers.map((answer) => answer[key]);
            if (!others.every((other) => isDeepStrictEqual(other, first))) continue;
            expect(actual, `seed ${seed}: ${JSON.stringify(policy)}`).toEqual(first);
            compared += 1;
            const times = new Map(snapshots.map(({ id, time }) => [id, JSON.stringify(time)]));
            const kept = new Set(actual.kept.map((id) => times.get(id)));
            decided += Number(actual.removed.some((id) => kept.has(times.get(id))));
          }
        }
      } finally {
        await server.stop();
      }
    }
    expect(compared).toBeGreaterThan(400);
    // Groups in which one of two snapshots with equal times is kept.
    expect(decided).toBeGreaterThan(20);
  },
);

/** A REST server that lists files in their order; restic reads them in this order over one connection. */
class ListingServer {
  files: RepositoryFiles = new Map();
  readonly #server = createServer((request, response) => {
    const file = this.files.get((request.url ?? "").slice(1));
    if (request.method === "HEAD" && file)
      response.writeHead(200, { "content-length": file.length }).end();
    else restFiles(this.files, 2)(request, response);
  });

  static async start(): Promise<ListingServer> {
    const server = new ListingServer();
    await once(server.#server.listen(0, "127.0.0.1"), "listening");
    return server;
  }

  get url(): string {
    return `rest:http://127.0.0.1:${listeningPort(this.#server)}/`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Five, of which one is another one reversed: which of two files comes first differs. */
function orders(files: RepositoryFiles, dice: Dice): readonly RepositoryFiles[] {
  const shuffled = Array.from({ length: 4 }, () =>
    Array.from(files, (file) => [dice.roll(1e9), file] as const)
      .toSorted(([a], [b]) => a - b)
      .map(([, file]) => file),
  );
  return [...shuffled, shuffled[0]?.toReversed() ?? []].map((order) => new Map(order));
}
