import type { AccountId, LimitFacts, RefusedAnswer } from '../ledger/index.ts';
import {
  type Act,
  type CounterpartyEntry,
  type Direction,
  type LimitRule,
  type Need,
  needKey,
  needsOf,
  type Party,
  rulesFor,
  ruleTextId,
  type Subject,
  type Used,
} from './rule.ts';

/** What is known when acts are looked at. */
export interface Facts {
  readonly rules: readonly LimitRule[];
  readonly entries: readonly CounterpartyEntry[];
  readonly party: (account: AccountId) => Party;
  readonly currency: (account: AccountId) => string;
}

/** What is counted of an act that may pass: for whom, on which side. */
export interface Count {
  readonly subject: Subject;
  readonly direction: Direction;
  readonly act: Act['kind'];
  readonly currency: string;
  readonly amount: bigint;
  readonly moveIndex: number;
  /** It is limited over a sliding time: so it is kept by itself. */
  readonly isKept: boolean;
}

/** What rules say against a submission: which of its moves, and why. */
export type Barred = Pick<RefusedAnswer, 'refusal' | 'moveIndex'>;

interface Side {
  readonly direction: Direction;
  readonly party: Party;
  readonly rules: readonly LimitRule[];
  readonly needs: readonly Need[];
}

/** The sides of an act that are counted: who pays, and who is paid by a transfer. */
export function sidesOf(act: Act, { rules, party, currency: currencyOf }: Facts): Side[] {
  const currency = currencyOf(act.payer);
  const side = (direction: Direction, account: AccountId): Side => {
    const own = party(account);
    const held = rulesFor(rules, own, { direction, kind: act.kind, currency });
    return {
      direction,
      party: own,
      rules: held,
      needs: held.flatMap((rule) => needsOf(rule, own)),
    };
  };
  const payees = act.kind === 'transfer' ? act.payees : [];
  return [side('out', act.payer), ...payees.map((payee) => side('in', payee))];
}

/**
 * Looks at acts one behind the other, each on what was used before and what those before it use. Pure. Refusals, in
 * order: `counterparty_refused` (block lists, then the allow list), `limit_exceeded`: for who pays, then who is paid;
 * the account's rules, the platform's, the member's; single, day, month, sliding time; amount, count.
 */
export class Tally {
  readonly #facts: Facts;
  readonly #used: Map<string, Used>;

  constructor(facts: Facts, used: ReadonlyMap<string, Used>) {
    this.#facts = facts;
    this.#used = new Map(used);
  }

  /** What the acts of one submission are counted as, or what is said against them: then nothing is counted. */
  admit(acts: readonly Act[]): { barred: Barred } | { barred?: undefined; counts: Count[] } {
    const before = new Map(this.#used);
    const counts: Count[] = [];
    for (const act of acts) {
      const refusal = this.#refuseList(act) ?? this.#refuseLimit(act);
      if (refusal) {
        this.#used.clear();
        for (const [key, used] of before) this.#used.set(key, used);
        return { barred: { refusal, moveIndex: act.moveIndex } };
      }
      counts.push(...this.#count(act));
    }
    return { counts };
  }

  #refuseList({ payer, payees }: Act): Barred['refusal'] | undefined {
    const { entries, party } = this.#facts;
    const from = party(payer);
    const namesOf = ({ subject, member }: Party): Subject[] => [
      subject,
      ...(member ? [member] : []),
    ];
    const refuse = (payee: AccountId, list: 'block' | 'allow') =>
      ({ code: 'counterparty_refused', account: payer, counterparty: payee, list }) as const;
    for (const payee of payees) {
      const [ours, theirs] = [namesOf(from), namesOf(party(payee))];
      const isBetween = ({ subject, counterparty }: CounterpartyEntry) =>
        (subject === 'platform' && [...ours, ...theirs].includes(counterparty)) ||
        (ours.includes(subject) && theirs.includes(counterparty)) ||
        (theirs.includes(subject) && ours.includes(counterparty));
      if (entries.some((entry) => entry.list === 'block' && isBetween(entry))) {
        return refuse(payee, 'block');
      }
      const allowed = entries.filter(
        ({ list, subject }) => list === 'allow' && ours.includes(subject),
      );
      if (
        allowed.length > 0 &&
        !allowed.some(({ counterparty }) => theirs.includes(counterparty))
      ) {
        return refuse(payee, 'allow');
      }
    }
    return undefined;
  }

  #refuseLimit(act: Act): Barred['refusal'] | undefined {
    for (const { direction, party, rules, needs } of sidesOf(act, this.#facts)) {
      const about = { account: party.account, direction };
      const single = rules.find(
        ({ singleAmount }) => singleAmount !== null && act.amount > singleAmount,
      );
      if (single?.singleAmount != null) {
        const most = single.singleAmount;
        return exceeded(about, { rule: single, limit: 'single_amount', most, used: 0n });
      }
      for (const need of needs) {
        const refusal = refuseNeed(about, { need, used: this.#usedOf(need), amount: act.amount });
        if (refusal) return refusal;
      }
    }
    return undefined;
  }

  #count(act: Act): Count[] {
    const { kind, amount, moveIndex, payer } = act;
    const currency = this.#facts.currency(payer);
    return sidesOf(act, this.#facts).flatMap(({ direction, party, needs }) => {
      for (const need of needs) {
        const used = this.#usedOf(need);
        const next = { amount: used.amount + amount, count: used.count + 1n };
        this.#used.set(needKey(need), next);
      }
      const subjects = [party.subject, ...(party.member ? [party.member] : [])];
      return subjects.map((subject) => ({
        ...{ subject, direction, act: kind, currency, amount, moveIndex },
        isKept: needs.some((need) => need.period === 'window' && need.subject === subject),
      }));
    });
  }

  #usedOf(need: Need): Used {
    return this.#used.get(needKey(need)) ?? { amount: 0n, count: 0n };
  }
}

type About = Pick<LimitFacts, 'direction'> & { readonly account: bigint };

function refuseNeed(
  about: About,
  { need, used, amount }: { need: Need; used: Used; amount: bigint },
): Barred['refusal'] | undefined {
  const { rule, period, mostAmount, mostCount } = need;
  if (mostAmount !== null && used.amount + amount > mostAmount) {
    const limit = `${period}_amount` as const;
    return exceeded(about, { rule, limit, most: mostAmount, used: used.amount });
  }
  if (mostCount !== null && used.count + 1n > BigInt(mostCount)) {
    const limit = `${period}_count` as const;
    return exceeded(about, { rule, limit, most: BigInt(mostCount), used: used.count });
  }
  return undefined;
}

function exceeded(
  about: About,
  { rule, limit, most, used }: { rule: LimitRule } & Pick<LimitFacts, 'limit' | 'most' | 'used'>,
): Barred['refusal'] {
  const remaining = most > used ? most - used : 0n;
  return {
    ...{ code: 'limit_exceeded', ...about, rule: ruleTextId(rule.uuid) },
    ...{ limit, most, used, remaining },
  };
}
