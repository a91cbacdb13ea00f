import type { Command } from 'commander';
import { type SideView, type TransferView, transfer } from '../../transfers/index.ts';
import { readVirtualAccount } from '../../virtual-accounts/index.ts';
import { type Cli, moneyAction, type PlatformContext, type Result } from '../action.ts';
import { readAmount } from '../amount-text.ts';
import { under } from '../explain-error.ts';
import { keyFor, type MoneyOptions, modeOf } from '../idempotency.ts';
import { MONEY_OPTIONS, textOf } from '../options.ts';
import { fields, moneyWithCurrency } from '../output.ts';

const EXAMPLES = `
Examples:
  guanjia transfer 8888800000000000051 8888800000000000077 12.30 --memo "order 1001"
  guanjia transfer 8888800000000000051 8888800000000000077 12.30 --dry-run
  guanjia transfer 8888800000000000051 8888800000000000077 1230 --minor --key order-1001 --json`;

/** `guanjia transfer FROM TO AMOUNT` */
export function addTransferCommand(program: Command, cli: Cli): void {
  program
    .command('transfer')
    .summary('move money between two virtual accounts (转账)')
    .description(
      'Move money from one virtual account to another of the same main account, at once (转账).',
    )
    .argument('<from>', 'the number of the account that pays')
    .argument('<to>', 'the number of the account that is paid')
    .argument('<amount>', 'in the account’s currency, such as 12.30')
    .option('--memo <text>', 'a note that both sides see', textOf('memo'))
    .option('--reference <text>', 'your own reference', textOf('reference'))
    .addOption(MONEY_OPTIONS.minor)
    .addOption(MONEY_OPTIONS.key)
    .addOption(MONEY_OPTIONS.dryRun)
    .addHelpText('after', EXAMPLES)
    .action(moneyAction(cli, transferMoney));
}

async function transferMoney(
  context: PlatformContext,
  debitAccount: string,
  creditAccount: string,
  amountText: string,
  options: MoneyOptions & { memo?: string; reference?: string },
): Promise<Result> {
  const { app, platformId } = context;
  const { memo, reference, minor } = options;
  const { currency } = await readVirtualAccount(app, platformId, debitAccount);
  const amount = readAmount(amountText, { currency, minor });
  const key = keyFor(context, options);
  const input = { debitAccount, creditAccount, amount, memo, reference };
  const { repeated, result } = await under({ currency, idempotencyKey: key }, () =>
    transfer(app, platformId, input, modeOf(key)),
  );
  return {
    document: { idempotencyKey: key ?? null, repeated, transfer: result },
    text: headline(result, repeated) + describeTransfer(result),
  };
}

function headline({ dryRun }: TransferView, repeated: boolean): string {
  if (dryRun) return 'Dry run: it would be accepted, and nothing was done.\n\n';
  return repeated ? 'Done before under this key; money moved once.\n\n' : '';
}

/** A transfer for people. */
export function describeTransfer(view: TransferView): string {
  const { currency } = view;
  return fields({
    transfer: view.id,
    amount: moneyWithCurrency(view.amount, currency),
    from: side(view.debit, currency),
    to: side(view.credit, currency),
    'business date': view.businessDate,
    'booked at': view.bookedAt.toISOString(),
    reference: view.reference,
    memo: view.memo,
  });
}

function side({ account, balance, available }: SideView, currency: string): string {
  if (account === null) return 'the system';
  if (balance === null || available === null) return account;
  const left = moneyWithCurrency(balance, currency);
  return `${account}, now ${left}, of it available ${moneyWithCurrency(available, currency)}`;
}
