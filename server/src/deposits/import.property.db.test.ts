import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import { readMainAccount } from '../virtual-accounts/index.ts';
import { importStatement } from './import-statement.ts';
import { balances, camt, depositDeps, findings, line } from './testing.fixture.ts';

const app = await testApp();
const deps = depositDeps(app);
let platforms = 0n;

const lines = fc.array(
  fc.record({
    direction: fc.constantFrom('credit' as const, 'debit' as const),
    amount: fc.bigInt(1n, 1_000_000n),
    bookingDate: fc.constantFrom('2026-03-02', '2026-03-03', '2026-03-04'),
    to: fc.nat(4),
  }),
  { minLength: 1, maxLength: 40 },
);

async function* cut(bytes: Uint8Array, pieces: readonly number[]) {
  let from = 0;
  for (let i = 0; from < bytes.length; i += 1) {
    const size = pieces[i % pieces.length] ?? bytes.length;
    yield await Promise.resolve(bytes.subarray(from, from + size));
    from += size;
  }
}

// Goal: whatever is in a file, however it arrives, and however often: the same balances, and the bank's.
// Method: each file is imported cut in one way; then again, twice at once, cut in other ways.
test('any file in any pieces, again and at once, leaves the same balances', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.bigInt(-500n, 500n),
      sizes,
      sizes,
      async (given, opening, one, other) => {
        platforms += 1n;
        const { platformId, main, numbers } = await testPlatform(app, { platformId: platforms });
        const to = [numbers[0], numbers[1], `${numbers[0]} ${numbers[1]}`, 'nobody', ''];
        const sample = given.map(({ to: index, ...each }, i) =>
          line({ ...each, reference: `R${i}`, remittance: to[index] ?? '' }),
        );
        const file = Buffer.concat(await Array.fromAsync(camt(main.number, sample, { opening })));
        await importStatement(deps, platformId, { source: cut(file, one) });
        const before = await balances(app);
        const again = await Promise.all(
          [other, one].map((pieces) =>
            importStatement(deps, platformId, { source: cut(file, pieces) }),
          ),
        );
        expect(again.map(({ changed, recorded }) => [changed, recorded])).toEqual([
          [false, 0],
          [false, 0],
        ]);
        expect(await balances(app)).toEqual(before);
        expect(await findings(app, platformId)).toEqual([]);
        const sum = sample.reduce(
          (total, { direction, amount }) => total + (direction === 'credit' ? amount : -amount),
          opening,
        );
        expect((await readMainAccount(app, platformId, main.number)).bankBalance).toBe(sum);
      },
    ),
    { numRuns: 20, seed: 11 },
  );
});
