// Evaluates expectations over many backup sets. Prints CPU times as one line of JSON: the load of the machine does not count.
import { ExpectationScene } from "../../support/expectations/scene.ts";
import type { Shot } from "../../support/expectations/scene.ts";
import { expectationsOf } from "../expectation-settings.ts";

const [expectations = 0, sets = 0, snapshots = 0] = process.argv.slice(2).map(Number);
const START_SECONDS = 1_767_225_600;
const URL = "/r";
const CHANGES = 20;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function shotAt(index: number): Shot {
  return { host: `host-${index % sets}`, at: START_SECONDS + index };
}

const shots = Array.from({ length: snapshots }, (_, index) => shotAt(index));
const scene = new ExpectationScene((START_SECONDS + snapshots) * 1000);
const { book, store, clock } = scene;
scene.configure({ expect: expectationsOf(expectations, sets) }, [URL]);
scene.read(URL, shots);

let longestStepMs = 0;
const beganMs = cpuMs();
const update = (how: "readAhead" | "updateInSteps"): void => {
  const steps = book[how](store.entries(), clock.now());
  for (let done = false; !done;) {
    const before = cpuMs();
    done = steps.next().done === true;
    longestStepMs = Math.max(longestStepMs, cpuMs() - before);
  }
};
update("readAhead");
update("updateInSteps");
const firstMs = cpuMs() - beganMs;
if (book.slots().length !== sets) throw new Error("not every set has a slot");

const changesMs = Array.from({ length: CHANGES }, (_, index) => {
  shots.push(shotAt(snapshots + index));
  scene.read(URL, shots);
  const before = cpuMs();
  book.update(store.entries(), clock.now());
  return cpuMs() - before;
});
const before = cpuMs();
scene.fail(URL);
book.update(store.entries(), clock.now());
const failureMs = cpuMs() - before;
process.stdout.write(JSON.stringify({ firstMs, longestStepMs, changesMs, failureMs }));
