/** The catalogue: every error that the product can give, by code, and what each is at the edges. */
import * as approvals from './approvals/errors.ts';
import * as banking from './banking/errors.ts';
import * as embedded from './db/embedded/errors.ts';
import * as deposits from './deposits/errors.ts';
import * as escrow from './escrow/errors.ts';
import * as fees from './fees/errors.ts';
import * as http from './http/errors.ts';
import { STATUS_OF } from './http/problem.ts';
import * as interest from './interest/errors.ts';
import * as judicialFreezes from './judicial-freezes/errors.ts';
import type { ErrorDefinition } from './kernel/error.ts';
import * as ledger from './ledger/errors.ts';
import * as limits from './limits/errors.ts';
import * as members from './members/errors.ts';
import * as outbox from './outbox/errors.ts';
import * as platforms from './platforms/errors.ts';
import * as sealing from './sealing/errors.ts';
import * as settlementCards from './settlement-cards/errors.ts';
import * as transfers from './transfers/errors.ts';
import * as virtualAccounts from './virtual-accounts/errors.ts';

type DefinitionIn<Module> = Extract<Module[keyof Module], ErrorDefinition>;
type Definition =
  | DefinitionIn<typeof approvals>
  | DefinitionIn<typeof banking>
  | DefinitionIn<typeof deposits>
  | DefinitionIn<typeof embedded>
  | DefinitionIn<typeof fees>
  | DefinitionIn<typeof escrow>
  | DefinitionIn<typeof http>
  | DefinitionIn<typeof interest>
  | DefinitionIn<typeof judicialFreezes>
  | DefinitionIn<typeof ledger>
  | DefinitionIn<typeof ledger.refusalErrors>
  | DefinitionIn<typeof limits>
  | DefinitionIn<typeof members>
  | DefinitionIn<typeof outbox>
  | DefinitionIn<typeof platforms>
  | DefinitionIn<typeof sealing>
  | DefinitionIn<typeof settlementCards>
  | DefinitionIn<typeof transfers>
  | DefinitionIn<typeof virtualAccounts>;

/** The code of any error of the product. */
export type ErrorCode = Definition['code'];

/** Every error that the product can give, sorted by code. */
export const errorCatalogue: readonly ErrorDefinition[] = [
  ...[approvals, banking, deposits, embedded, escrow, fees, http, ledger, ledger.refusalErrors],
  judicialFreezes,
  limits,
  ...[interest, members, outbox, platforms, sealing, settlementCards, transfers, virtualAccounts],
]
  .flatMap((module) => definitionsIn(module))
  .sort((a, b) => (a.code < b.code ? -1 : 1));

/** The error definitions among what a module exports. */
export function definitionsIn(module: object): ErrorDefinition[] {
  return Object.values(module).filter(isDefinition);
}

function isDefinition(value: unknown): value is ErrorDefinition {
  return ['code', 'kind', 'title', 'remedy'].every((field) => field in Object(value));
}

/** A failure in a status of a CITIC reply: codes that clients know, then our own block; doubt is no code. */
export type CiticStatus = 'UNKNOWN' | 'DPRA003' | 'ED02010' | 'ED11308' | `ED99${number}`;

/**
 * The status of each error in a CITIC reply: a new error does not compile until it has one. Clients take a
 * code that they do not know for a definite failure and pay again, so doubt is never given a code. Nothing
 * was done, try later: ED11308.
 */
export const citicStatusOf: Readonly<Record<ErrorCode, CiticStatus>> = {
  outcome_unknown: 'UNKNOWN',
  internal_error: 'UNKNOWN',
  seal_key_missing: 'UNKNOWN',
  seal_broken: 'UNKNOWN',
  busy: 'ED11308',
  database_unavailable: 'ED11308',
  embedded_database_failed: 'ED11308',
  embedded_database_unusable: 'ED11308',
  insufficient_funds: 'DPRA003',
  account_not_found: 'ED02010',

  invalid_request: 'ED99001',
  malformed_json: 'ED99002',
  idempotency_key_required: 'ED99003',
  unauthenticated: 'ED99004',
  bank_signature_wrong: 'ED99240',
  scope_missing: 'ED99005',
  route_not_found: 'ED99006',
  method_not_allowed: 'ED99007',
  body_too_large: 'ED99008',
  headers_too_large: 'ED99009',
  media_type_unsupported: 'ED99010',
  request_timed_out: 'ED99011',
  api_key_not_found: 'ED99012',

  request_id_reused: 'ED99101',
  hold_not_found: 'ED99102',
  transfer_not_found: 'ED99103',
  same_account: 'ED99104',
  different_main_accounts: 'ED99105',
  currencies_differ: 'ED99106',
  hold_owner_differs: 'ED99107',
  hold_expired: 'ED99108',
  hold_insufficient: 'ED99109',
  hold_expiry_passed: 'ED99199',
  already_reversed: 'ED99110',
  account_closed: 'ED99111',
  account_stopped: 'ED99112',
  balance_limit_exceeded: 'ED99113',
  frozen_by_order: 'ED99130',
  rules_changed: 'ED99134',
  counterparty_refused: 'ED99135',
  limit_exceeded: 'ED99136',
  limit_rule_not_found: 'ED99137',
  limit_rule_invalid: 'ED99138',
  counterparty_entry_not_found: 'ED99139',
  judicial_freeze_not_found: 'ED99131',
  judicial_freeze_exists: 'ED99132',
  judicial_freeze_lifted: 'ED99133',
  transfer_not_reversible: 'ED99114',
  period_invalid: 'ED99116',
  hold_owner_reserved: 'ED99117',
  freeze_not_found: 'ED99118',
  freeze_insufficient: 'ED99119',
  freeze_payee_required: 'ED99120',
  freeze_payee_differs: 'ED99121',
  schedule_invalid: 'ED99122',
  schedule_not_found: 'ED99123',
  schedule_finished: 'ED99124',
  batch_file_invalid: 'ED99125',

  main_account_not_found: 'ED99201',
  main_account_required: 'ED99202',
  main_account_exists: 'ED99203',
  prefix_taken: 'ED99204',
  number_taken: 'ED99205',
  number_invalid: 'ED99206',
  numbers_exhausted: 'ED99207',
  reference_code_taken: 'ED99208',
  public_account_refused: 'ED99209',
  platform_account_needed: 'ED99218',
  account_not_empty: 'ED99210',
  overdraft_in_use: 'ED99211',
  payer_account_bound: 'ED99212',
  payer_account_not_found: 'ED99213',
  account_of_another_member: 'ED99214',
  bank_account_invalid: 'ED99215',
  member_not_found: 'ED99216',
  member_reference_taken: 'ED99217',
  member_identity_invalid: 'ED99219',
  member_identity_missing: 'ED99220',
  member_closed: 'ED99221',
  member_not_active: 'ED99222',
  member_review_refused: 'ED99223',

  statement_format_unknown: 'ED99301',
  statement_format_differs: 'ED99321',
  statement_truncated: 'ED99302',
  statement_malformed: 'ED99303',
  statement_charset_wrong: 'ED99304',
  statement_totals_disagree: 'ED99305',
  statement_field_invalid: 'ED99306',
  statement_currencies_mixed: 'ED99319',
  statement_too_large: 'ED99307',
  csv_mapping_invalid: 'ED99308',
  statement_reply_failed: 'ED99309',
  statement_upload_stalled: 'ED99320',
  statement_account_changed: 'ED11308',
  statement_account_unknown: 'ED99310',
  statement_account_required: 'ED99311',
  statement_account_differs: 'ED99312',
  statement_currency_differs: 'ED99313',
  statement_reference_conflict: 'ED99314',
  statement_import_not_found: 'ED99315',
  bank_entry_not_found: 'ED99316',
  entry_not_in_suspense: 'ED99317',
  entry_not_claimed: 'ED99318',

  fee_rule_invalid: 'ED99801',
  fee_rule_busy: 'ED99802',
  fee_rule_not_found: 'ED99803',
  fee_exceeds_amount: 'ED99804',
  fee_charge_not_found: 'ED99809',
  fee_nothing_to_waive: 'ED99810',
  fee_changed: 'ED99811',
  interest_rate_invalid: 'ED99821',
  interest_rate_busy: 'ED99822',
  interest_rate_not_found: 'ED99823',
  interest_period_invalid: 'ED99824',
  interest_settled: 'ED99825',
  interest_settlement_not_found: 'ED99826',
  interest_not_reversible: 'ED99827',
  interest_due: 'ED99828',
  fees_owed: 'ED99812',
  interest_not_divisible: 'ED99829',
  interest_allocation_not_found: 'ED99830',
  interest_schedule_invalid: 'ED99831',
  calendar_invalid: 'ED99805',
  calendar_day_not_edited: 'ED99806',
  rail_invalid: 'ED99807',
  rail_busy: 'ED99808',
  escrow_order_not_found: 'ED99501',
  escrow_reference_taken: 'ED99502',
  escrow_state_refuses: 'ED99503',
  escrow_split_impossible: 'ED99504',
  escrow_share_exceeded: 'ED99505',
  escrow_account_refused: 'ED99506',
  escrow_remaining_insufficient: 'ED99507',
  escrow_refund_exceeds: 'ED99508',
  escrow_refund_unfunded: 'ED99509',
  escrow_rest_undecided: 'ED99510',
  escrow_deadline_passed: 'ED99511',
  escrow_fee_rule_unfit: 'ED99513',

  approval_not_found: 'ED99861',
  approval_not_pending: 'ED99862',
  checker_is_maker: 'ED99863',
  already_decided: 'ED99864',
  not_the_maker: 'ED99865',
  approval_not_granted: 'ED99866',
  event_not_found: 'ED99401',
  webhook_endpoint_not_found: 'ED99402',
  webhook_url_refused: 'ED99403',
  too_many_webhook_endpoints: 'ED99404',

  verification_unavailable: 'ED99421',
  card_factors_invalid: 'ED99422',
  card_not_verified: 'ED99423',
  card_tries_exceeded: 'ED99424',
  card_attempt_running: 'ED99425',
  card_bound: 'ED99426',
  settlement_card_not_found: 'ED99427',
  card_code_wrong: 'ED99428',
  card_code_expired: 'ED99429',

  backup_refused: 'ED99901',
};

/** The reference page of all errors, in Markdown: `docs/reference/errors.md`. */
export function renderErrorReference(): string {
  const statuses: Readonly<Record<string, CiticStatus>> = citicStatusOf;
  const rows = errorCatalogue.map(
    ({ code, kind, title, remedy }) =>
      `| <a id="${code}"></a>\`${code}\` | ${STATUS_OF[kind]} | ${statuses[code] ?? ''} ` +
      `| ${title.en}<br>${title.zh} | ${remedy.en}<br>${remedy.zh} |`,
  );
  return [
    '# Errors 错误',
    '',
    'Every error answer is `application/problem+json` (RFC 9457). Decide by `code`: it is stable. `title` and',
    '`detail` are for people. Each answer with status 503 has a `Retry-After` header: repeat the request with',
    'the same `Idempotency-Key`, and money moves once. The running server explains each code at',
    '`/problems/<code>`. The column CITIC is the status of the same error in a CITIC reply.',
    '',
    '所有错误应答均为 `application/problem+json`（RFC 9457）。请以 `code` 为判断依据。503 应答带有',
    '`Retry-After`：请用同一 `Idempotency-Key` 重试，资金只会变动一次。CITIC 列为对应的中信报文状态码。',
    '',
    '| code | HTTP | CITIC | meaning 含义 | what to do 处理方法 |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
