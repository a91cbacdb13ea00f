import { type Originated, recordChange } from '../audit/index.ts';
import { brokenUnique, type Db, inTransaction } from '../db/database.ts';
import { type BusinessDate, isBusinessDate } from '../kernel/business-date.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import { priceFaults } from '../kernel/price.ts';
import { readCalendar } from './calendar/edit-calendar.ts';
import { shanghaiDate } from './calendar/shanghai-time.ts';
import { railBusy, railInvalid } from './errors.ts';
import { insertRailRule, selectRailRules } from './rail-store.ts';
import {
  DEFAULT_RAILS,
  type Rail,
  type RailRule,
  type RailTerms,
  railInForce,
} from './rail-terms.ts';
import { chooseRail, type RailChoice, type RailQuestion } from './rails.ts';

/** What the use cases of rails need. */
export interface RailDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
}

/** How often a version is numbered anew because another came first. */
const MAX_TRIES = 5;

/** All rules of rails that count for a platform: what the program comes with, and its own versions. */
export async function listRailRules(
  { db }: Pick<RailDeps, 'db'>,
  platformId: bigint,
): Promise<readonly RailRule[]> {
  return [...DEFAULT_RAILS, ...(await selectRailRules(db, platformId))];
}

/** Chooses the rail of a payout, now unless `at` says when; nothing is sent by it. */
export async function quoteRail(
  deps: RailDeps,
  platformId: bigint,
  question: Omit<RailQuestion, 'at'> & { at?: Date | undefined },
): Promise<RailChoice & { at: Date }> {
  const at = question.at ?? deps.clock.now();
  const rules = await listRailRules(deps, platformId);
  const calendar = await readCalendar(deps, platformId);
  return { at, ...chooseRail({ ...question, at }, { rules, calendar }) };
}

/**
 * Adds a version of a rail's terms, in force from a date on; what is not named stays as it is then. Throws AppError:
 * `rail_invalid`, `rail_busy`.
 */
export async function changeRail(
  { db, clock, origin }: RailDeps,
  platformId: bigint,
  change: { rail: Rail; validFrom?: string | undefined; terms: Partial<RailTerms> },
): Promise<RailRule> {
  const at = clock.now();
  const today = shanghaiDate(at);
  const { rail, validFrom = today } = change;
  if (!isBusinessDate(validFrom) || validFrom < today) {
    const errors = [{ pointer: '/validFrom', detail: 'must be a date, today or later' }];
    throw new AppError(railInvalid, { errors });
  }
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const before = await ruleOn(db, platformId, { rail, on: validFrom });
    const terms = changedTerms(before.terms, change.terms);
    try {
      return await inTransaction(db, async (tx) => {
        const rule = await insertRailRule(tx, platformId, { rail, validFrom, terms, at });
        await recordChange(tx, platformId, {
          ...{ origin, at, action: 'rail.changed', object: { type: 'rail', id: rail } },
          before: factsOf(before),
          after: factsOf(rule),
        });
        return rule;
      });
    } catch (error) {
      if (brokenUnique(error) === undefined) throw error;
    }
  }
  throw new AppError(railBusy, { rail });
}

async function ruleOn(
  db: Db,
  platformId: bigint,
  when: { rail: Rail; on: BusinessDate },
): Promise<RailRule> {
  const rule = railInForce(await listRailRules({ db }, platformId), when);
  if (!rule) throw new RangeError(`the program comes with a rule for ${when.rail}`);
  return rule;
}

/** A version is kept whole in its own row: the audit log says which. */
const factsOf = ({ version, validFrom, terms: { enabled, cap, holidayCap } }: RailRule) => ({
  ...{ version, validFrom, enabled, cap, holidayCap },
});

function changedTerms(before: RailTerms, change: Partial<RailTerms>): RailTerms {
  const changed = { ...before, ...change };
  const errors = faultsOf(changed);
  if (errors.length > 0) throw new AppError(railInvalid, { errors });
  return changed;
}

function faultsOf({ cap, holidayCap, hours, closures, cost }: RailTerms) {
  const isBackwards = !hours.opensDayBefore && hours.opens >= hours.closes;
  return [
    ...(cap === null && holidayCap !== null
      ? [{ pointer: '/holidayCap', detail: 'must be null where there is no cap' }]
      : []),
    ...(isBackwards ? [{ pointer: '/hours/closes', detail: 'must be later than opens' }] : []),
    ...closures.flatMap(({ from, until }, i) =>
      until !== null && until <= from
        ? [{ pointer: `/closures/${i}/until`, detail: 'must be later than from' }]
        : [],
    ),
    ...priceFaults(cost).map(({ pointer, detail }) => ({ pointer: `/cost${pointer}`, detail })),
  ];
}
