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

/** Says that "right" fits everything, and notes what it was asked. */
function fakeBcrypt(answer: (password: string) => boolean | undefined = (one) => one === "right") {
  const asked: { readonly password: string; readonly hash: string }[] = [];
  const bcrypt: Bcrypt = {
    async compare(password, hash) {
      asked.push({ password, hash });
      return answer(password);
    },
    async stop() {},
  };
  return { asked, login: new Login(bcrypt) };
}

test("a verdict is asked for once, also by many at the same time", async () => {
  const { asked, login } = fakeBcrypt();
  const many = Array.from({ length: 20 }, () => login.check(basic("alice", "right"), USERS));
  expect(new Set(await Promise.all(many))).toEqual(new Set(["welcome"]));
  expect(await login.check(basic("alice", "right"), USERS)).toBe("welcome");
  expect(await login.check(basic("alice", "wrong"), USERS)).toBe("denied");
  expect(await login.check(basic("alice", "wrong"), USERS)).toBe("denied");
  expect(asked.map(({ password }) => password)).toEqual(["right", "wrong"]);
});

test("with another hash the old verdict counts no more", async () => {
  const { asked, login } = fakeBcrypt();
  await login.check(basic("alice", "right"), USERS);
  await login.check(basic("alice", "right"), new Map([["alice", `$2b$07$${"c".repeat(53)}`]]));
  expect(asked).toHaveLength(2);
});

test("a name that nobody has is compared too, at somebody's cost, and never welcome", async () => {
  const { asked, login } = fakeBcrypt(() => true);
  for (let index = 0; index < 50; index++)
    expect(await login.check(basic(`mallory${index}`, "right"), USERS)).toBe("denied");
  const costs = new Set(asked.map(({ hash }) => hash.slice(0, 7)));
  expect(costs).toEqual(new Set(["$2b$07$", "$2b$12$"]));
  expect(asked.every(({ hash }) => hash.length === 60)).toBe(true);
  const before = asked.length;
  await login.check(basic("mallory0", "right"), USERS);
  expect(asked).toHaveLength(before);
});

test("guesses drive no right login out of memory", async () => {
  const { asked, login } = fakeBcrypt();
  await login.check(basic("alice", "right"), USERS);
  for (let index = 0; index < 1500; index++) await login.check(basic("alice", `${index}`), USERS);
  const before = asked.length;
  expect(await login.check(basic("alice", "right"), USERS)).toBe("welcome");
  expect(asked).toHaveLength(before);
  // Of the guesses the last thousand are known.
  await login.check(basic("alice", "1499"), USERS);
  expect(asked).toHaveLength(before);
  await login.check(basic("alice", "0"), USERS);
  expect(asked).toHaveLength(before + 1);
});

test("what could not be compared is not remembered", async () => {
  const answers = [undefined, true];
  const { login } = fakeBcrypt(() => answers.shift());
  expect(await login.check(basic("alice", "right"), USERS)).toBe("busy");
  expect(await login.check(basic("alice", "right"), USERS)).toBe("welcome");
});

test("no password stays in it", async () => {
  const { login } = fakeBcrypt();
  await login.check(basic("alice", "right"), USERS);
  await login.check(basic("alice", "canary-4711"), USERS);
  const shown = inspect(login, { showHidden: true, depth: 10 });
  expect(shown).not.toContain("canary-4711");
});

test.for([
  undefined,
  "",
  "Basic",
  "Basic ",
  "Basic !!",
  `Bearer ${btoa("alice:right")}`,
  "Basic YWxpY2U",
])("%s is no login, and costs nothing", async (header) => {
  const { asked, login } = fakeBcrypt();
  expect(await login.check(header, USERS)).toBe("denied");
  expect(asked).toEqual([]);
});

test("comparisons are made by a thread, one after the other, and a hundred may wait", async () => {
  const bcrypt = openBcrypt();
  // Of "correct horse", at the least cost.
  const hash = "$2b$04$qAKtq61cfmqrKYv8PmPePOLhL/tP8sjIPodBepv.Pb4gpoeEeg3Qy";
  const passwords = Array.from({ length: 101 }, (_, index) =>
    index === 7 ? "correct horse" : "x",
  );
  const fits = await Promise.all(passwords.map((password) => bcrypt.compare(password, hash)));
  expect(fits.indexOf(true)).toBe(7);
  expect(fits.filter((fit) => fit === false)).toHaveLength(99);
  expect(fits.at(100)).toBeUndefined();
  expect(await bcrypt.compare("correct horse", hash)).toBe(true);
  const under = bcrypt.compare("correct horse", hash.replace("04", "13"));
  await bcrypt.stop();
  expect(await under).toBeUndefined();
});
