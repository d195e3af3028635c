import { expect, test } from "vitest";

import { RepositoryReader } from "../../support/repository/repository-reader.ts";

const HOUR = 3_600_000;
const WRONG = "wrong_password: the password does not open the key of the repository";
const NEWLINE = `${WRONG}; the password ends in a newline: remove that from the secret, unless it is a part of the password`;
const SPACE = `${WRONG}; the password begins or ends with white space: remove that from the secret, unless it is a part of the password`;

test.for([
  ["right\n", NEWLINE],
  ["right\r\n", NEWLINE],
  [" right", SPACE],
  ["right\t", SPACE],
  ["wro\nng", WRONG],
] as const)(
  "the password %j does not open, and the message says why",
  async ([password, message]) => {
    const reader = new RepositoryReader(HOUR);
    const failure = await reader.failure(reader.read(password));
    expect(failure).toBe(message);
    expect(failure).not.toContain("right");
  },
);

test("a password that ends in a newline opens the key that was made with it", async () => {
  const reader = new RepositoryReader(HOUR);
  reader.sealed.addKey("right\n");
  await expect(reader.read("right\n")).resolves.toMatchObject({ unreadable: new Map() });
});
