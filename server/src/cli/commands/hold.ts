import { type Command, InvalidArgumentError } from 'commander';
import { parseInstant } from '../../kernel/instant.ts';
import {
  captureHold,
  type HoldAnswer,
  placeHold,
  readHold,
  releaseHold,
} from '../../transfers/index.ts';
import { readVirtualAccount } from '../../virtual-accounts/index.ts';
import { type Cli, moneyAction, type PlatformContext, type Result } from '../action.ts';
import { readAmount } from '../amount-text.ts';
import { under } from '../explain-error.ts';
import { keyFor, type MoneyOptions, modeOf } from '../idempotency.ts';
import { MONEY_OPTIONS, textOf } from '../options.ts';
import { fields, moneyWithCurrency } from '../output.ts';
import { describeTransfer } from './transfer.ts';

type OwnerOption = { readonly owner?: string };

/** `guanjia hold …` */
export function addHoldCommands(program: Command, cli: Cli): void {
  const hold = program
    .command('hold')
    .summary('put money aside (冻结), give it back (解冻), pay from it (扣划)')
    .description(
      'Holds: money put aside on an account. It stays in the balance and is not available.',
    );
  addPlace(hold, cli);
  withMoneyOptions(
    hold
      .command('release')
      .description('Give held money back to its account (解冻): all that remains, or a part.')
      .argument('<hold>', 'hld_…')
      .argument('[amount]', 'all that remains when left out'),
  )
    .addHelpText('after', '\nExample:\n  guanjia hold release hld_0c8k… 10.00')
    .action(moneyAction(cli, release));
  withMoneyOptions(
    hold
      .command('capture')
      .description(
        'Pay from held money (扣划): all that remains, or a part; as often as something remains.',
      )
      .argument('<hold>', 'hld_…')
      .argument('<to>', 'the number of the account that is paid')
      .argument('[amount]', 'all that remains when left out')
      .option('--memo <text>', 'a note that both sides see', textOf('memo'))
      .option('--reference <text>', 'your own reference', textOf('reference')),
  )
    .addHelpText('after', '\nExample:\n  guanjia hold capture hld_0c8k… 8888800000000000077 10.00')
    .action(moneyAction(cli, capture));
}

function addPlace(hold: Command, cli: Cli): void {
  withMoneyOptions(
    hold
      .command('place')
      .description('Put part of an account’s available money aside (冻结).')
      .argument('<account>', 'its number')
      .argument('<amount>', 'in the account’s currency, such as 50.00')
      .argument('<reason>', 'why, in a few words', textOf('reason'))
      .option(
        '--expires-at <instant>',
        'given back by itself then, such as 2026-12-31T16:00:00Z',
        instant,
      ),
  )
    .addHelpText('after', '\nExample:\n  guanjia hold place 8888800000000000051 50.00 "order 1001"')
    .action(moneyAction(cli, place));
}

function withMoneyOptions(command: Command): Command {
  return command
    .option(
      '--owner <name>',
      'only who names the same owner may release or capture it',
      textOf('owner'),
    )
    .addOption(MONEY_OPTIONS.minor)
    .addOption(MONEY_OPTIONS.key)
    .addOption(MONEY_OPTIONS.dryRun);
}

function instant(text: string): Date {
  const date = parseInstant(text);
  if (date) return date;
  throw new InvalidArgumentError('It must be a time with its zone, such as 2026-12-31T16:00:00Z.');
}

async function place(
  context: PlatformContext,
  account: string,
  amountText: string,
  reason: string,
  options: MoneyOptions & OwnerOption & { expiresAt?: Date },
): Promise<Result> {
  const { app, platformId } = context;
  const { minor, owner, expiresAt } = options;
  const { currency } = await readVirtualAccount(app, platformId, account);
  const amount = readAmount(amountText, { currency, minor });
  const key = keyFor(context, options);
  const input = { account, amount, reason, owner, expiresAt };
  const { repeated, result } = await under({ currency, idempotencyKey: key }, () =>
    placeHold(app, platformId, input, modeOf(key)),
  );
  const document = { idempotencyKey: key ?? null, repeated, hold: result };
  return { document, text: describeHold(result) };
}

async function release(
  context: PlatformContext,
  hold: string,
  amountText: string | undefined,
  options: MoneyOptions & OwnerOption,
): Promise<Result> {
  const { app, platformId } = context;
  const { amount, currency } = await partOf(context, { hold, amountText, minor: options.minor });
  const key = keyFor(context, options);
  const input = { hold, amount, owner: options.owner };
  const { repeated, result } = await under({ currency, idempotencyKey: key }, () =>
    releaseHold(app, platformId, input, modeOf(key)),
  );
  const document = { idempotencyKey: key ?? null, repeated, hold: result };
  return { document, text: describeHold(result) };
}

async function capture(
  context: PlatformContext,
  hold: string,
  creditAccount: string,
  amountText: string | undefined,
  options: MoneyOptions & OwnerOption & { memo?: string; reference?: string },
): Promise<Result> {
  const { app, platformId } = context;
  const { minor, owner, memo, reference } = options;
  const { amount, currency } = await partOf(context, { hold, amountText, minor });
  const key = keyFor(context, options);
  const input = { hold, creditAccount, amount, owner, memo, reference };
  const { repeated, result } = await under({ currency, idempotencyKey: key }, () =>
    captureHold(app, platformId, input, modeOf(key)),
  );
  const document = { idempotencyKey: key ?? null, repeated, ...result };
  return { document, text: `${describeTransfer(result.transfer)}\n${describeHold(result.hold)}` };
}

/** The amount in the currency of the hold; undefined for all that remains. */
async function partOf(
  { app, platformId }: PlatformContext,
  part: { hold: string; amountText: string | undefined; minor: boolean | undefined },
) {
  const { currency } = await readHold(app, platformId, part.hold);
  const { amountText, minor } = part;
  const amount = amountText === undefined ? undefined : readAmount(amountText, { currency, minor });
  return { currency, amount };
}

/** A hold for people. */
function describeHold(hold: HoldAnswer): string {
  const { currency, balances } = hold;
  const amount = (minorUnits: bigint) => moneyWithCurrency(minorUnits, currency);
  return (
    (hold.dryRun ? 'Dry run: it would be accepted, and nothing was done.\n\n' : '') +
    fields({
      hold: hold.id,
      account: hold.account,
      amount: amount(hold.amount),
      remaining: amount(hold.remaining),
      released: amount(hold.released),
      captured: amount(hold.captured),
      status: hold.status,
      owner: hold.owner,
      reason: hold.reason,
      'expires at': hold.expiresAt?.toISOString(),
      'account balance': amount(balances.balance),
      'account held': amount(balances.held),
      'account available': amount(balances.available),
    })
  );
}
