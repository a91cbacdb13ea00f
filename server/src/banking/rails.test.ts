// Goal: the worked cases of `routing-rules.md` §5.2 and the edges around them. The cases suppose a calendar in which
// 2027-01-01 is the only holiday of its week; their number is in front.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withOwnDays } from './calendar/calendar.ts';
import { chinaCalendar } from './calendar/china.ts';
import { DEFAULT_RAILS, RAILS, type Rail, type RailRule, type RailTerms } from './rail-terms.ts';
import { chooseRail, type RailQuestion } from './rails.ts';

const calendar = withOwnDays(chinaCalendar, {
  years: new Set([2027]),
  days: [{ date: '2027-01-01', working: false, source: 'imported', name: '元旦' }],
});
const yuan = (amount: string) => BigInt(amount.replace(/[.,]/g, ''));
const shanghai = (text: string) => new Date(`${text}+08:00`);
const utc = (date: Date | null | undefined) => date?.toISOString();

function choose(
  at: string,
  amount: bigint,
  options: Partial<RailQuestion> & {
    rules?: readonly RailRule[];
    calendar?: typeof calendar;
  } = {},
) {
  const { rules = DEFAULT_RAILS, calendar: days = calendar, ...question } = options;
  return chooseRail(
    {
      ...{ amount, at: shanghai(at), sameBank: false, reaches: RAILS, prefer: 'speed' },
      ...question,
    },
    { rules, calendar: days },
  );
}
/** The newest default of a rail, changed. */
const changed = (rail: Rail, terms: Partial<RailTerms>): RailRule => {
  const base = DEFAULT_RAILS.findLast((each) => each.rail === rail)!;
  return { ...base, version: 1, terms: { ...base.terms, ...terms } };
};
const closed = (from: string, until: string | null) => ({
  closures: [{ from: shanghai(from), until: until === null ? null : shanghai(until), reason: 'x' }],
});

describe('§5.2', () => {
  test.each([
    ['2, cap inclusive', '2026-11-23T10:00:00', '1,000,000.00', 'ibps'],
    ['3, one fen over', '2026-11-23T10:00:00', '1,000,000.01', 'hvps'],
    ['4, inside the margin', '2026-11-23T17:04:59', '2,000,000.00', 'hvps'],
    ['9, the opening instant', '2026-11-29T20:30:00', '2,000,000.00', 'hvps'],
    ['11, the holiday cap of 2015', '2015-11-28T12:00:00', '300,000.00', 'beps'],
  ] as const)('case %s', (_case, at, amount, rail) => {
    const { outcome, chosen } = choose(at, yuan(amount));
    expect([outcome, chosen?.rail, utc(chosen?.sendAt)]).toEqual(['now', rail, utc(shanghai(at))]);
  });

  test.each([
    ['5, the cut-off minute', '2026-11-23T17:05:00', '2026-11-23T20:30:00'],
    ['6, Friday evening', '2026-11-27T18:00:00', '2026-11-29T20:30:00'],
    ['7, Saturday has no session', '2026-11-27T20:31:00', '2026-11-29T20:30:00'],
    ['12, the eve of a holiday', '2026-12-31T20:31:00', '2027-01-03T20:30:00'],
  ] as const)('case %s', (_case, at, until) => {
    const { outcome, chosen } = choose(at, yuan('2,000,000.00'));
    expect([outcome, chosen?.rail, utc(chosen?.sendAt)]).toEqual([
      ...['wait', 'hvps', utc(shanghai(until))],
    ]);
  });

  test('case 1: the same bank', () => {
    const { chosen, rails } = choose('2026-11-23T10:00:00', yuan('800.00'), { sameBank: true });
    expect(chosen?.rail).toBe('intra_bank');
    expect(rails.map(({ reason }) => reason)).toEqual([
      ...['chosen', 'same_bank', 'same_bank', 'same_bank'],
    ]);
  });

  test('case 8: maintenance of both', () => {
    const night = closed('2026-11-28T00:00:00', '2026-11-28T08:00:00');
    const rules = [...DEFAULT_RAILS, changed('ibps', night), changed('beps', night)];
    const { outcome, chosen, rails } = choose('2026-11-28T03:00:00', yuan('800.00'), { rules });
    expect([outcome, chosen?.rail, utc(chosen?.sendAt)]).toEqual([
      ...['wait', 'ibps', utc(shanghai('2026-11-28T08:00:00'))],
    ]);
    expect(rails.map(({ rail, reason }) => `${rail} ${reason}`)).toEqual([
      ...['intra_bank other_bank', 'ibps maintenance', 'beps maintenance', 'hvps closed'],
    ]);
  });

  test('case 10: the instant rail is down', () => {
    const rules = [...DEFAULT_RAILS, changed('ibps', closed('2026-11-23T09:00:00', null))];
    const { chosen, rails } = choose('2026-11-23T10:00:00', yuan('60,000.00'), { rules });
    expect(chosen?.rail).toBe('beps');
    expect(rails.find(({ rail }) => rail === 'ibps')).toMatchObject({ sendAt: null });
  });
});

describe('weekends, holidays, limits', () => {
  test.each([
    ['a Saturday that is worked', '2026-10-10T10:00:00', 'now', '2026-10-10T10:00:00'],
    ['its session opens on Friday', '2026-10-09T20:30:00', 'now', '2026-10-09T20:30:00'],
    ['a minute before', '2026-10-09T20:29:59', 'wait', '2026-10-09T20:30:00'],
    ['the week before has none', '2026-10-03T10:00:00', 'wait', '2026-10-07T20:30:00'],
    ['the eve of National Day', '2026-09-30T17:05:00', 'wait', '2026-10-07T20:30:00'],
    ['the last minute before it', '2026-09-30T17:04:59', 'now', '2026-09-30T17:04:59'],
    ['before 2018 it opened at 08:30', '2018-04-27T08:29:00', 'wait', '2018-04-27T08:30:00'],
    ['and closed at 17:00', '2018-04-27T16:49:59', 'now', '2018-04-27T16:49:59'],
  ] as const)('%s', (_case, at, outcome, sendAt) => {
    const choice = choose(at, yuan('2,000,000.00'));
    expect([choice.outcome, utc(choice.chosen?.sendAt)]).toEqual([outcome, utc(shanghai(sendAt))]);
  });

  test('the holiday cap of 2015 begins at midnight, when large-value is closed', () => {
    const { outcome, chosen } = choose('2015-11-27T18:00:00', yuan('300,000.00'));
    expect([outcome, chosen?.rail, utc(chosen?.sendAt)]).toEqual([
      ...['wait', 'beps', utc(shanghai('2015-11-28T00:00:00'))],
    ]);
  });

  test('what is beyond the calendar is said, and not guessed', () => {
    const eve = { calendar: chinaCalendar };
    const large = choose('2026-12-31T17:05:00', yuan('2,000,000.00'), eve);
    expect([large.outcome, large.chosen]).toEqual(['none', null]);
    expect(large.rails.find(({ rail }) => rail === 'hvps')).toMatchObject({
      ...{ reason: 'closed', sendAt: null, unknownDay: '2027-01-01' },
    });
    const inside = choose('2027-01-04T10:00:00', yuan('2,000,000.00'), eve);
    expect(inside.rails.find(({ rail }) => rail === 'hvps')?.reason).toBe('calendar_unknown');
    expect(choose('2027-01-04T10:00:00', yuan('1.00'), eve).chosen?.rail).toBe('ibps');
    expect(choose('2026-12-31T17:04:00', yuan('2,000,000.00'), eve).outcome).toBe('now');
  });

  test('a bank that only some rails reach', () => {
    const reaches = ['beps'] as const;
    expect(choose('2026-11-23T10:00:00', yuan('1.00'), { reaches }).chosen?.rail).toBe('beps');
    const none = choose('2026-11-23T10:00:00', yuan('2,000,000.00'), { reaches });
    expect([none.outcome, none.chosen]).toEqual(['none', null]);
    expect(none.rails.map(({ reason }) => reason)).toEqual([
      ...['other_bank', 'not_reachable', 'over_limit', 'not_reachable'],
    ]);
  });
});

test('with cost preferred: the cheapest that is open; at one price small-value before instant', () => {
  const at = '2026-11-23T10:00:00';
  expect(choose(at, 100n, { prefer: 'cost' }).chosen?.rail).toBe('beps');
  const cost = (fixed: bigint): Pick<RailTerms, 'cost'> => ({
    cost: {
      ...{ fixed, ratePpm: 0n, tiers: null, min: null, max: null, rounding: 'half_up' },
    },
  });
  const rules = [
    ...DEFAULT_RAILS,
    changed('ibps', cost(50n)),
    changed('beps', cost(20n)),
    changed('hvps', cost(10n)),
  ];
  expect(choose(at, 100n, { prefer: 'cost', rules }).chosen).toMatchObject({
    ...{ rail: 'hvps', cost: 10n },
  });
  expect(choose(at, 100n, { rules }).chosen).toMatchObject({ rail: 'ibps', cost: 50n });
  const saturday = choose('2026-11-28T10:00:00', 100n, { prefer: 'cost', rules });
  expect(saturday.chosen).toMatchObject({ rail: 'beps', cost: 20n });
});

describe('always', () => {
  const moments = fc.date({
    min: shanghai('2026-01-01T00:00:00'),
    max: shanghai('2026-11-25T00:00:00'),
    noInvalidDate: true,
  });
  const questions = fc.record({
    amount: fc.bigInt({ min: 1n, max: 300_000_000n }),
    at: moments,
    sameBank: fc.boolean(),
    reaches: fc.subarray([...RAILS]),
    prefer: fc.constantFrom('speed' as const, 'cost' as const),
  });
  const world = { rules: DEFAULT_RAILS, calendar };

  test('what is chosen now is within its limit; every rail is answered for once', () => {
    fc.assert(
      fc.property(questions, (question) => {
        const { outcome, chosen, rails } = chooseRail(question, world);
        expect(rails.map(({ rail }) => rail).sort()).toEqual([...RAILS].sort());
        expect(outcome === 'none').toBe(chosen === null);
        if (chosen?.limit != null && outcome === 'now')
          expect(question.amount <= chosen.limit).toBe(true);
        if (outcome === 'now') expect(rails.filter((r) => r.reason === 'chosen')).toEqual([chosen]);
      }),
    );
  });

  test('at the moment that it names the rail takes it, and a second before it does not', () => {
    fc.assert(
      fc.property(questions, (question) => {
        const { outcome, chosen } = chooseRail(question, world);
        fc.pre(outcome === 'wait' && chosen?.sendAt != null);
        const sendAt = chosen.sendAt;
        expect(chooseRail({ ...question, at: sendAt }, world).outcome).toBe('now');
        const before = new Date(sendAt.getTime() - 1000);
        if (before > question.at)
          expect(chooseRail({ ...question, at: before }, world).outcome).toBe('wait');
      }),
    );
  });
});
