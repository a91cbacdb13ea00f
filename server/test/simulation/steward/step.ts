import fc from 'fast-check';

/** Members 0 to 2 trade, member 3 is the platform; 4 is a number that nobody has. */
export const MEMBERS = 4;
const who = fc.nat({ max: MEMBERS });
const member = fc.nat({ max: MEMBERS - 1 });
const trader = fc.nat({ max: MEMBERS - 2 });
/** Most are small; some are more than anybody has. */
const amount = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 60_00 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_00, max: 1_000_00 }) },
);
const part = fc.option(amount, { nil: undefined, freq: 2 });
/** One of those there are: by its place, counted round. */
const which = fc.nat({ max: 1000 });
const hours = fc.integer({ min: 1, max: 30 });
const payment = { from: who, to: who, amount };

const line = fc.oneof(
  { weight: 5, arbitrary: fc.record({ is: fc.constant('paid' as const), to: member, amount }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('unknown' as const), amount }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('debit' as const), amount }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('told before' as const), which }) },
);

/** What members, operators, the bank and the clock do. */
const action = fc.oneof(
  act('statement', 6, { lines: fc.array(line, { minLength: 1, maxLength: 6 }) }),
  act('conflicting statement', 1, { which }),
  act('claim', 10, { which, to: who }),
  act('claim reversal', 6, { which }),
  act('transfer', 50, payment),
  act('reversal', 12, { which }),
  act('batch', 12, {
    mode: fc.constantFrom('atomic' as const, 'independent' as const),
    items: fc.array(fc.record(payment), { minLength: 2, maxLength: 5 }),
  }),
  act('hold', 14, { at: who, amount, hours: fc.option(hours, { nil: undefined }) }),
  act('release', 12, { which, amount: part }),
  act('capture', 14, { which, to: who, amount: part }),
  act('freeze', 12, { at: who, amount }),
  act('pay-freeze', 14, payment),
  act('unfreeze', 12, { which, amount: part }),
  act('unfreeze-pay', 14, { which, amount: part, to: fc.option(who, { nil: undefined }) }),
  act('escrow', 8, {
    ...{ from: trader, to: trader, amount, hours: fc.option(hours, { nil: undefined }) },
    late: fc.constantFrom('release' as const, 'refund' as const),
  }),
  act('confirm', 10, { which, amount: part }),
  act('refund', 10, {
    ...{ which, amount: part },
    source: fc.constantFrom('held' as const, 'receivers' as const, 'both' as const),
    whenShort: fc.constantFrom('refuse' as const, 'partial' as const),
  }),
  act('dispute', 4, { which }),
  act('resolve', 4, { which }),
  act('finish', 4, {
    which,
    rest: fc.constantFrom(undefined, 'release' as const, 'refund' as const),
  }),
  act('schedule', 5, { from: member, to: member, amount, hours }),
  act('schedule daily', 3, {
    from: member,
    to: member,
    amount,
    days: fc.integer({ min: 1, max: 3 }),
  }),
  act('cancel', 3, { which }),
  act('wait', 8, { hours }),
  act('again', 8, { which }),
  act('reuse', 4, { which, from: trader, to: member, amount }),
);

function act<const Name extends string, Facts extends object>(
  name: Name,
  weight: number,
  facts: { [K in keyof Facts]: fc.Arbitrary<Facts[K]> },
): { readonly weight: number; readonly arbitrary: fc.Arbitrary<{ do: Name } & Facts> } {
  const arbitrary = fc.record<Facts>(facts).map((told) => ({ do: name, ...told }));
  return { weight, arbitrary };
}

/** What goes wrong meanwhile. `kill`: connections break; `twice`: both servers are asked the same at once. */
const fault = fc.oneof(
  { weight: 150, arbitrary: fc.constant('none' as const) },
  { weight: 8, arbitrary: fc.constant('repeat' as const) },
  { weight: 8, arbitrary: fc.constant('twice' as const) },
  { weight: 1, arbitrary: fc.constant('kill' as const) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);

/** One step of a story: what is done, by which of two servers, and what goes wrong. */
export const step = fc.record({ action, server: fc.nat({ max: 1 }), fault });
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
export type Action = Step['action'];
export type ActionOf<Name extends Action['do']> = Extract<Action, { do: Name }>;

/** A story, told shortly: one line a step. */
export function tellStory(steps: readonly Step[]): string {
  return steps
    .map(({ action: { do: name, ...facts }, server, fault: wrong }) => {
      const spoilt = wrong === 'none' ? '' : ` (${wrong})`;
      return `server ${server}: ${name} ${JSON.stringify(facts)}${spoilt}`;
    })
    .join('\n');
}
