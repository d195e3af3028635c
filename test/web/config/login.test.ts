import { inspect } from "node:util";

import { expect, test } from "vitest";

import type { Bcrypt } from "../../../src/web/config/bcrypt.ts";
import { openBcrypt } from "../../../src/web/config/bcrypt.ts";
import { Login } from "../../../src/web/config/login.ts";

const HASH = `$2b$07$${"a".repeat(53)}`;
const USERS = new Map([
  ["alice", HASH],
  ["bob", `$2y$12$${"b".repeat(53)}`],
]);

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

/** Records the comparisons. The password "right" matches every hash. */
function fakeBcrypt(answer: (password: string) => boolean | undefined = (one) => one === "right") {
  const compared: { readonly password: string; readonly hash: string }[] = [];
  const bcrypt: Bcrypt = {
    async compare(password, hash) {
      compared.push({ password, hash });
      return answer(password);
    },
    async stop() {},
  };
  return { compared, login: new Login(bcrypt) };
}

test("a password is compared once, also for parallel requests", async () => {
  const { compared, login } = fakeBcrypt();
  const many = Array.from({ length: 20 }, () => login.check(basic("alice", "right"), USERS));
  expect(new Set(await Promise.all(many))).toEqual(new Set(["allowed"]));
  expect(await login.check(basic("alice", "right"), USERS)).toBe("allowed");
  expect(await login.check(basic("alice", "wrong"), USERS)).toBe("denied");
  expect(await login.check(basic("alice", "wrong"), USERS)).toBe("denied");
  expect(compared.map(({ password }) => password)).toEqual(["right", "wrong"]);
});

test("a password is compared again after a change of the hash", async () => {
  const { compared, login } = fakeBcrypt();
  await login.check(basic("alice", "right"), USERS);
  await login.check(basic("alice", "right"), new Map([["alice", `$2b$07$${"c".repeat(53)}`]]));
  expect(compared).toHaveLength(2);
});

test("the password of an unknown name is compared at the cost of a user, and always denied", async () => {
  const { compared, login } = fakeBcrypt(() => true);
  for (let index = 0; index < 50; index++)
    expect(await login.check(basic(`mallory${index}`, "right"), USERS)).toBe("denied");
  const costs = new Set(compared.map(({ hash }) => hash.slice(0, 7)));
  expect(costs).toEqual(new Set(["$2b$07$", "$2b$12$"]));
  expect(compared.every(({ hash }) => hash.length === 60)).toBe(true);
  const before = compared.length;
  await login.check(basic("mallory0", "right"), USERS);
  expect(compared).toHaveLength(before);
});

test("guesses do not evict a correct login from the cache", async () => {
  const { compared, login } = fakeBcrypt();
  await login.check(basic("alice", "right"), USERS);
  for (let index = 0; index < 1500; index++) await login.check(basic("alice", `${index}`), USERS);
  const before = compared.length;
  expect(await login.check(basic("alice", "right"), USERS)).toBe("allowed");
  expect(compared).toHaveLength(before);
  // The cache has the last 1000 guesses.
  await login.check(basic("alice", "1499"), USERS);
  expect(compared).toHaveLength(before);
  await login.check(basic("alice", "0"), USERS);
  expect(compared).toHaveLength(before + 1);
});

test("a check that was rejected as busy is not cached", async () => {
  const answers = [undefined, true];
  const { login } = fakeBcrypt(() => answers.shift());
  expect(await login.check(basic("alice", "right"), USERS)).toBe("busy");
  expect(await login.check(basic("alice", "right"), USERS)).toBe("allowed");
});

test("the object keeps no password", async () => {
  const { login } = fakeBcrypt();
  await login.check(basic("alice", "right"), USERS);
  await login.check(basic("alice", "canary-4711"), USERS);
  const text = inspect(login, { showHidden: true, depth: 10 });
  expect(text).not.toContain("canary-4711");
});

test.for([
  undefined,
  "",
  "Basic",
  "Basic ",
  "Basic !!",
  `Bearer ${btoa("alice:right")}`,
  "Basic YWxpY2U",
])("the header %s is denied without a comparison", async (header) => {
  const { compared, login } = fakeBcrypt();
  expect(await login.check(header, USERS)).toBe("denied");
  expect(compared).toEqual([]);
});

test("a thread compares one password after the other, and at most 100 are pending", async () => {
  const bcrypt = openBcrypt();
  // The hash of "correct horse", at the minimum cost.
  const hash = "$2b$04$qAKtq61cfmqrKYv8PmPePOLhL/tP8sjIPodBepv.Pb4gpoeEeg3Qy";
  const passwords = Array.from({ length: 101 }, (_, index) =>
    index === 7 ? "correct horse" : "x",
  );
  const matches = await Promise.all(passwords.map((password) => bcrypt.compare(password, hash)));
  expect(matches.indexOf(true)).toBe(7);
  expect(matches.filter((match) => match === false)).toHaveLength(99);
  expect(matches.at(100)).toBeUndefined();
  expect(await bcrypt.compare("correct horse", hash)).toBe(true);
  const pending = bcrypt.compare("correct horse", hash.replace("04", "13"));
  await bcrypt.stop();
  expect(await pending).toBeUndefined();
});
