import { limit } from "../../core/limit.ts";

/** Something that is got once, kept from one collection to the next, and got anew when it is refused or its time is over. */
export interface Renewable<T> {
  current(signal: AbortSignal): Promise<T>;
  /** Another one than that which was refused: perhaps one that somebody else has got meanwhile. */
  renewed(refused: T, signal: AbortSignal): Promise<T>;
}

/**
 * @param get is called by one at a time
 * @param isFresh false for what must not be used any more
 */
export function renewable<T extends object>(
  get: (signal: AbortSignal) => Promise<T>,
  isFresh: (known: T) => boolean = () => true,
): Renewable<T> {
  const oneByOne = limit(1);
  let known: T | undefined;
  const keep = (signal: AbortSignal): Promise<T> =>
    oneByOne(async () => {
      known = known && isFresh(known) ? known : await get(signal);
      return known;
    }, signal);
  return {
    current: keep,
    renewed: (refused, signal) => {
      if (known === refused) known = undefined;
      return keep(signal);
    },
  };
}
