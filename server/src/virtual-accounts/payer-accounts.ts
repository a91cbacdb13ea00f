import { sql } from 'kysely';
import { brokenUnique, type Db, inTransaction } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { refusalErrors } from '../ledger/index.ts';
import { memberUuid, readMember, requireActiveMember } from '../members/index.ts';
import {
  accountOfAnotherMember,
  bankAccountInvalid,
  payerAccountBound,
  payerAccountNotFound,
} from './errors.ts';
import { normaliseBankAccount } from './numbering.ts';
import type { AccountDeps } from './open-main-account.ts';
import { readVirtualAccount } from './read-virtual-accounts.ts';

/** A bank account that a member pays from (付款账号), and where deposits from it go. */
export interface PayerAccount {
  readonly accountNumber: string;
  /** The number of the member's virtual account. */
  readonly virtualAccount: string;
  readonly createdAt: Date;
}

/**
 * Binds a bank account that the member pays from: deposits from it go to the given virtual account of the
 * member, as long as no other member has bound the same one.
 *
 * Throws AppError: `bank_account_invalid`, `member_not_found`, `account_not_found`,
 * `account_of_another_member`, `account_closed`, `member_not_active`, `payer_account_bound`.
 */
export async function bindPayerAccount(
  { db, clock }: Pick<AccountDeps, 'db' | 'clock'>,
  platformId: bigint,
  memberId: string,
  input: { accountNumber: string; virtualAccount: string },
): Promise<PayerAccount> {
  const accountNumber = normaliseBankAccount(input.accountNumber);
  if (accountNumber === undefined) {
    const errors = [{ pointer: '/accountNumber', detail: 'must be 1 to 34 letters and digits' }];
    throw new AppError(bankAccountInvalid, { errors });
  }
  const member = await readMember({ db }, platformId, memberId);
  const field = '/virtualAccount';
  const account = await readVirtualAccount({ db }, platformId, input.virtualAccount, field);
  if (account.memberId !== member.id) {
    const facts = { account: account.number, memberId, field };
    throw new AppError(accountOfAnotherMember, facts);
  }
  // Money for a closed account comes to suspense: the binding would lead nowhere.
  if (account.state === 'closed') {
    throw new AppError(refusalErrors.account_closed, { account: account.number, field });
  }
  const createdAt = clock.now();
  try {
    await inTransaction(db, async (tx) => {
      await requireActiveMember(tx, platformId, { memberId });
      await sql`
        insert into payer_account (platform_id, member_id, account_number, account_id, created_at)
        select v.platform_id, v.member_id, ${accountNumber}, v.account_id, ${createdAt}
          from virtual_account v
         where v.platform_id = ${platformId} and v.number = ${account.number}`.execute(tx);
    });
  } catch (error) {
    if (brokenUnique(error) !== 'payer_account_pkey') throw error;
    throw new AppError(payerAccountBound, { accountNumber }, { cause: error });
  }
  return { accountNumber, virtualAccount: account.number, createdAt };
}

/**
 * Bank accounts that a member has bound, by number, after `after`. Throws AppError: `member_not_found`.
 * `next`: the number to go on after, when there are more.
 */
export async function listPayerAccounts(
  { db }: { db: Db },
  platformId: bigint,
  memberId: string,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<{ payerAccounts: readonly PayerAccount[]; next: string | undefined }> {
  await readMember({ db }, platformId, memberId);
  const { rows } = await sql<PayerAccount>`
    select p.account_number as "accountNumber", v.number as "virtualAccount", p.created_at as "createdAt"
      from payer_account p
      join virtual_account v on v.platform_id = p.platform_id and v.account_id = p.account_id
     where p.platform_id = ${platformId} and p.member_id = ${memberUuid(memberId)}
       and p.account_number > ${after}
     order by p.account_number limit ${limit + 1}`.execute(db);
  const payerAccounts = rows.slice(0, limit);
  const next = rows.length > limit ? payerAccounts.at(-1)?.accountNumber : undefined;
  return { payerAccounts, next };
}

/** Removes a binding. Throws AppError: `member_not_found`, `payer_account_not_found`. */
export async function unbindPayerAccount(
  { db }: { db: Db },
  platformId: bigint,
  memberId: string,
  accountNumber: string,
): Promise<void> {
  await readMember({ db }, platformId, memberId);
  const { numAffectedRows } = await sql`
    delete from payer_account
     where platform_id = ${platformId} and member_id = ${memberUuid(memberId)}
       and account_number = ${normaliseBankAccount(accountNumber) ?? ''}`.execute(db);
  if (!numAffectedRows) throw new AppError(payerAccountNotFound, { accountNumber });
}
