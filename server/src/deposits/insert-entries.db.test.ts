import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import type { SampleLine } from '../../test/support/statement-samples.ts';
import { importStatement } from './import-statement.ts';
import { camt, depositDeps, everything, findings, line } from './testing.fixture.ts';

const app = await testApp();
const deps = depositDeps(app);

/** One file with a statement of each list of lines; all begin at the same balance, so they do not join. */
async function* file(account: string, ...statements: readonly (readonly SampleLine[])[]) {
  const texts = await Promise.all(
    statements.map(async (lines) =>
      Buffer.concat(await Array.fromAsync(camt(account, lines, { opening: 500n }))).toString(),
    ),
  );
  const [first = ''] = texts;
  const bodies = texts.map((text) => text.slice(text.indexOf('<Stmt>'), text.indexOf('</BkTo')));
  const [head] = first.split('<Stmt>');
  yield Buffer.from(`${head}${bodies.join('')}</BkToCstmrStmt></Document>`);
}

// Goal: a first file is written as if all of its lines were new; one that says a line twice has it once all the
// same. Method: a file with a statement and the same one again; then one whose repetition says another amount.
test('a line that two statements of a file have is recorded once, and must say the same', async () => {
  const { platformId, main } = await testPlatform(app, { platformId: 1n });
  const lines = [line({ reference: 'D1' }), line({ reference: 'D2' })];
  const other = [line({ reference: 'D1' }), line({ reference: 'D2', amount: 1001n })];
  const before = await everything(app);
  const refused = importStatement(deps, platformId, { source: file(main.number, lines, other) });
  await expect(refused).rejects.toMatchObject({
    definition: { code: 'statement_reference_conflict' },
    facts: { reference: 'D2', recorded: { amount: 1000n }, found: { amount: 1001n } },
  });
  expect(await everything(app)).toEqual(before);

  const source = file(main.number, lines, lines);
  expect(await importStatement(deps, platformId, { source })).toMatchObject({
    ...{ lines: 4, recorded: 3, alreadyKnown: 2 },
    suspended: { count: 2, sum: 2000n },
  });
  expect(await findings(app, platformId)).toEqual([]);
});
