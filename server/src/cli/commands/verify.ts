import type { Command } from 'commander';
import { type CheckResult, verifyLedger } from '../../ledger/index.ts';
import { platformTextId } from '../../platforms/index.ts';
import { type Cli, type PlatformContext, platformAction, type Result } from '../action.ts';
import { EXIT } from '../explain-error.ts';
import { type Column, table } from '../output.ts';

/** `guanjia verify` */
export function addVerifyCommand(program: Command, cli: Cli): void {
  program
    .command('verify')
    .summary('recompute everything and say what disagrees')
    .description(
      'Recompute every balance of a platform from what was booked, in one snapshot, while the server goes on. Ends with 1 when anything disagrees; the first disagreements of each check are shown.',
    )
    .addHelpText('after', '\nExample:\n  guanjia verify && echo all agrees')
    .action(platformAction(cli, verify));
}

async function verify({ app, platformId }: PlatformContext): Promise<Result> {
  const results = await verifyLedger(app.db, platformId);
  const disagreements = results.reduce((sum, { findings }) => sum + findings.length, 0);
  const document = {
    platform: platformTextId(platformId),
    agrees: disagreements === 0,
    checks: results.map(({ check, findings }) => ({
      check,
      agrees: findings.length === 0,
      findings,
    })),
  };
  const exitCode = disagreements === 0 ? EXIT.ok : EXIT.failed;
  return { document, text: describe(results, disagreements), exitCode };
}

const COLUMNS: readonly Column<CheckResult>[] = [
  { title: 'check', show: ({ check }) => check },
  {
    title: 'result',
    right: true,
    show: ({ findings }) => (findings.length === 0 ? 'OK' : String(findings.length)),
  },
];

function describe(results: readonly CheckResult[], disagreements: number): string {
  const found = results.flatMap(({ findings }) =>
    findings.map(({ check, subject, detail }) => `  ${check}: ${subject}: ${detail}\n`),
  );
  const verdict =
    disagreements === 0 ? 'Everything agrees.\n' : `Something disagrees:\n${found.join('')}`;
  return `${table(results, COLUMNS, { empty: 'There are no checks.' })}\n${verdict}`;
}
