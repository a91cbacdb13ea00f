import type { Command } from 'commander';
import type { App } from '../../app.ts';
import { verifyAudit } from '../../audit/index.ts';
import { type DepositFinding, verifyDeposits } from '../../deposits/index.ts';
import { verifyEscrow } from '../../escrow/index.ts';
import { verifyFees } from '../../fees/index.ts';
import { verifyInterest } from '../../interest/index.ts';
import { verifyJudicialFreezes } from '../../judicial-freezes/index.ts';
import { type Finding, verifyLedger } from '../../ledger/index.ts';
import { type Platform, platformTextId } from '../../platforms/index.ts';
import { verifyTransfers } from '../../transfers/index.ts';
import { type Cli, type DatabaseContext, databaseAction, type Result } from '../action.ts';
import { EXIT } from '../explain-error.ts';
import { type Column, table } from '../output.ts';
import { sayWhenSlow } from '../progress.ts';
import { pickPlatforms } from '../session.ts';

/** `guanjia verify` */
export function addVerifyCommand(program: Command, cli: Cli): void {
  program
    .command('verify')
    .summary('recompute everything and say what disagrees')
    .description(
      'Recompute every balance from what was booked, hold the deposits, freezes, scheduled transfers, escrow orders, fees, interest and judicial freezes against it, and the audit log against its chain, while the server goes on: of all platforms, one after the other, or of the one that `--platform` names. Ends with 1 when anything disagrees; the first disagreements of each check are shown.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  guanjia verify && echo all agrees\n  guanjia verify --platform plt_1',
    )
    .action(databaseAction(cli, verify));
}

interface Check {
  readonly check: string;
  readonly findings: readonly Finding[];
}

/** What is checked about deposits, by the code of what is found. */
const DEPOSIT_CHECKS: Readonly<Record<DepositFinding['code'], string>> = {
  entry_without_its_transfer: 'every bank entry has its transfer',
  entries_not_posted: 'no bank entry waits to be posted',
  claim_without_its_transfer: 'every claim has its transfer',
  bank_clearing_differs: 'bank clearing is what the entries add up to',
  bank_debits_differ: 'bank debits are what the entries add up to',
  suspense_differs: 'suspense is what waits to be claimed',
  bank_balance_differs: 'the bank has what its last statement says (or a statement is missing)',
};

/** What the checks of one platform found. */
interface Verified {
  readonly platform: Pick<Platform, 'platformId' | 'name'>;
  readonly checks: readonly Check[];
  /** Where the chain of the audit log ends. */
  readonly auditHead: { readonly sequence: bigint; readonly hash: string };
}

async function verify({ app, global, terminal }: DatabaseContext): Promise<Result> {
  const platforms = await pickPlatforms(app, global.platform);
  const verified = await sayWhenSlow(terminal, 'Recomputing every balance …', async () => {
    const done: Verified[] = [];
    for (const platform of platforms) done.push(await verifyPlatform(app, platform));
    return done;
  });
  const agrees = verified.every(({ checks }) => checks.every(isFine));
  const document = { agrees, platforms: verified.map(documentOf) };
  return { document, text: describe(verified), exitCode: agrees ? EXIT.ok : EXIT.failed };
}

/** Everything that is checked of one platform, in this order. */
export async function verifyPlatform(
  { db }: Pick<App, 'db'>,
  platform: Pick<Platform, 'platformId' | 'name'>,
): Promise<Verified> {
  const ledger = await verifyLedger(db, platform.platformId);
  const deposits = await verifyDeposits(db, platform.platformId);
  const held = Object.entries(DEPOSIT_CHECKS).map(([code, check]) => ({
    check,
    findings: deposits.filter((each) => each.code === code).map((each) => toFinding(check, each)),
  }));
  const { findings, head } = await verifyAudit(db, platform.platformId);
  const check = 'the audit log is as it was written';
  const audit = { check, findings: findings.map((each) => ({ check, ...each })) };
  const transfers = await verifyTransfers(db, platform.platformId);
  const escrow = await verifyEscrow(db, platform.platformId);
  const fees = await verifyFees(db, platform.platformId);
  const interest = await verifyInterest(db, platform.platformId);
  const judicial = await verifyJudicialFreezes(db, platform.platformId);
  const flows = [...transfers, ...escrow, ...fees, ...interest, ...judicial];
  return {
    platform,
    checks: [...ledger, ...held, ...flows, audit],
    auditHead: head,
  };
}

const isFine = ({ findings }: Check): boolean => findings.length === 0;

function documentOf({ platform, checks, auditHead }: Verified) {
  return {
    platform: platformTextId(platform.platformId),
    name: platform.name,
    agrees: checks.every(isFine),
    auditHead: { sequence: Number(auditHead.sequence), hash: auditHead.hash },
    checks: checks.map((each) => ({
      check: each.check,
      agrees: isFine(each),
      findings: each.findings,
    })),
  };
}

function toFinding(check: string, found: DepositFinding) {
  const { code, mainAccount, count, expected } = found;
  const subject = `main account ${mainAccount}`;
  if (code === 'entries_not_posted') {
    const waiting = `${count} waiting, credits less debits ${expected} minor units`;
    return { check, subject, detail: `${waiting}: on their way, or suspense is full` };
  }
  const how = count > 0 ? `, in ${count} of them` : '';
  return {
    check,
    subject,
    detail: `expected ${expected} minor units, found ${found.found}${how}`,
  };
}

const COLUMNS: readonly Column<Check>[] = [
  { title: 'check', show: ({ check }) => check },
  {
    title: 'result',
    right: true,
    show: (each) => (isFine(each) ? 'OK' : String(each.findings.length)),
  },
];

/** Each platform under its name, and the verdict on all of them on the last line. */
function describe(verified: readonly Verified[]): string {
  const wrong = verified.filter(({ checks }) => !checks.every(isFine));
  const parts = verified.map(describePlatform).join('\n');
  if (wrong.length === 0) return `${parts}\nEverything agrees.\n`;
  const names = wrong.map(({ platform }) => platformTextId(platform.platformId)).join(', ');
  return `${parts}\nSomething disagrees: ${names}.\n`;
}

function describePlatform({ platform, checks }: Verified): string {
  const found = checks.flatMap(({ findings }) =>
    findings.map(({ check, subject, detail }) => `  ${check}: ${subject}: ${detail}\n`),
  );
  const name = `${platformTextId(platform.platformId)} ${platform.name.replace(/\p{Cc}+/gu, ' ')}`;
  const disagreements = found.length > 0 ? `\n${found.join('')}` : '';
  return `${name}\n${table(checks, COLUMNS, { empty: 'There are no checks.' })}${disagreements}`;
}
