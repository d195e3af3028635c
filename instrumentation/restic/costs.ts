import type { BackendCost } from "../backends/context.ts";
import type { RepositoryCost } from "./state.ts";

export function noCost(): BackendCost {
  return { list: { requests: 0, receivedBytes: 0 }, load: { requests: 0, receivedBytes: 0 } };
}

/** A copy of `cost` with the requests of `other`. */
export function sumOfCosts(cost: RepositoryCost, other: BackendCost): RepositoryCost {
  const sum = (kind: "list" | "load"): BackendCost["list"] => ({
    requests: cost[kind].requests + other[kind].requests,
    receivedBytes: cost[kind].receivedBytes + other[kind].receivedBytes,
  });
  return { ...cost, list: sum("list"), load: sum("load") };
}
