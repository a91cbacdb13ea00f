import type { Command } from 'commander';
import { type DepositFinding, verifyDeposits } from '../../deposits/index.ts';
import { type Finding, verifyLedger } from '../../ledger/index.ts';
import { platformTextId } from '../../platforms/index.ts';
import { type Cli, type PlatformContext, platformAction, type Result } from '../action.ts';
import { EXIT } from '../explain-error.ts';
import { type Column, table } from '../output.ts';
import { sayWhenSlow } from '../progress.ts';

/** `guanjia verify` */
export function addVerifyCommand(program: Command, cli: Cli): void {
  program
    .command('verify')
    .summary('recompute everything and say what disagrees')
    .description(
      'Recompute every balance of a platform from what was booked, and hold the deposits against it, while the server goes on. Ends with 1 when anything disagrees; the first disagreements of each check are shown.',
    )
    .addHelpText('after', '\nExample:\n  guanjia verify && echo all agrees')
    .action(platformAction(cli, verify));
}

interface Check {
  readonly check: string;
  readonly findings: readonly Finding[];
}

/** What is checked about deposits, by the code of what is found. */
const DEPOSIT_CHECKS: Readonly<Record<DepositFinding['code'], string>> = {
  entry_without_its_transfer: 'every bank entry has its transfer',
  claim_without_its_transfer: 'every claim has its transfer',
  bank_clearing_differs: 'bank clearing is what the entries add up to',
  bank_debits_differ: 'bank debits are what the entries add up to',
  suspense_differs: 'suspense is what waits to be claimed',
  bank_balance_differs: 'the bank has what its last statement says (or a statement is missing)',
};

async function verify({ app, platformId, terminal }: PlatformContext): Promise<Result> {
  const [ledger, deposits] = await sayWhenSlow(
    terminal,
    'Recomputing every balance …',
    async () => [await verifyLedger(app.db, platformId), await verifyDeposits(app.db, platformId)],
  );
  const checks: readonly Check[] = [
    ...ledger,
    ...Object.entries(DEPOSIT_CHECKS).map(([code, check]) => ({
      check,
      findings: deposits.filter((each) => each.code === code).map((each) => toFinding(check, each)),
    })),
  ];
  const agrees = checks.every(({ findings }) => findings.length === 0);
  const document = {
    platform: platformTextId(platformId),
    agrees,
    checks: checks.map(({ check, findings }) => ({
      check,
      agrees: findings.length === 0,
      findings,
    })),
  };
  return { document, text: describe(checks, agrees), exitCode: agrees ? EXIT.ok : EXIT.failed };
}

function toFinding(check: string, found: DepositFinding) {
  const { mainAccount, count, expected } = found;
  const how = count > 0 ? `, in ${count} of them` : '';
  return {
    check,
    subject: `main account ${mainAccount}`,
    detail: `expected ${expected} minor units, found ${found.found}${how}`,
  };
}

const COLUMNS: readonly Column<Check>[] = [
  { title: 'check', show: ({ check }) => check },
  {
    title: 'result',
    right: true,
    show: ({ findings }) => (findings.length === 0 ? 'OK' : String(findings.length)),
  },
];

function describe(checks: readonly Check[], agrees: boolean): string {
  const found = checks.flatMap(({ findings }) =>
    findings.map(({ check, subject, detail }) => `  ${check}: ${subject}: ${detail}\n`),
  );
  const verdict = agrees ? 'Everything agrees.\n' : 'Something disagrees.\n';
  return `${table(checks, COLUMNS, { empty: 'There are no checks.' })}\n${verdict}${found.join('')}`;
}
