import type { Place } from './place.ts';

/** Beyond so many new transfers the indexes are large enough to be slower; then the place is emptied. */
const MOST_TRANSFERS = 300_000;

/** What was acknowledged on a place since it was last reset. */
export interface Tally {
  add(result: { accepted: number; refused: number }): void;
  /** Checks and resets the place when much has been added. */
  tidy(): Promise<void>;
  /** All that was wrong so far. */
  check(): Promise<readonly string[]>;
}

/** Resets a place for a contender, and counts what it does there: `movesOf` so many transfers are so many moves of the ledger. */
export async function openTally(
  place: Place,
  { movesOf = (transfers) => transfers }: { movesOf?: (transfers: number) => number } = {},
): Promise<Tally> {
  const faults: string[] = [];
  let accepted = 0;
  let refused = 0;
  const check = async () => {
    faults.push(...(await place.check({ transfers: accepted, moves: movesOf(accepted) })));
    if (refused > 0) faults.push(`${refused} transfers were not accepted`);
  };
  const reset = async () => {
    await place.reset();
    accepted = 0;
    refused = 0;
  };
  await reset();
  return {
    add: (result) => {
      accepted += result.accepted;
      refused += result.refused;
    },
    tidy: async () => {
      if (accepted < MOST_TRANSFERS) return;
      await check();
      await reset();
    },
    check: async () => {
      await check();
      return faults;
    },
  };
}
