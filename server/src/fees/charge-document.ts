import type { AcceptedAnswer, DocumentWriter } from '../ledger/index.ts';
import { type ChargePlace, chargeOf, type FeePlan } from './charge.ts';
import { feeRuleUuid } from './fee-rule.ts';

/** A fee that a flow charges, on its way to be written with the money. */
export interface ChargeRecord {
  readonly plan: FeePlan;
  readonly place: ChargePlace;
}

/**
 * For a document's writer, as a part of its `with`: `charged as (… returning 1)`, which writes the fees that its flow
 * charges, with their money. The platform is `$1`, `chargesJson` the parameter with the number that is given.
 */
function chargedBy(parameter: number): string {
  return `charged as (
    insert into fee_charge (platform_id, charge_id, cause, fee_rule_id, amount, fee, bearer_account_id,
                            income_account_id, transfer_id, collected, business_date)
    select $1::bigint, c.* from jsonb_to_recordset($${parameter}::jsonb)
      as c (charge_id bigint, cause text, fee_rule_id uuid, amount bigint, fee bigint, bearer_account_id bigint,
            income_account_id bigint, transfer_id bigint, collected bigint, business_date date)
    returning 1)`;
}

/** Charges as JSON, for `chargedBy`. */
function chargesJson(
  items: readonly { readonly charge: ChargeRecord; readonly answer: AcceptedAnswer }[],
): string {
  const rows = items.map(({ charge: { plan, place }, answer }) => {
    const facts = chargeOf(plan, answer, place);
    return {
      charge_id: `${facts.chargeId}`,
      cause: facts.cause,
      fee_rule_id: feeRuleUuid(facts.rule.id),
      amount: `${facts.amount}`,
      fee: `${facts.fee}`,
      bearer_account_id: `${facts.bearer}`,
      income_account_id: `${facts.income}`,
      transfer_id: facts.transferId === null ? null : `${facts.transferId}`,
      collected: `${facts.collected}`,
      business_date: facts.businessDate,
    };
  });
  return JSON.stringify(rows);
}

/** Writes the fees of flows that have no other document, such as a transfer. */
export const chargeWriter: DocumentWriter<ChargeRecord> = {
  write: (platformId, items) => ({
    name: 'fees_charge',
    text: `with ${chargedBy(2)} select expect_count(count(*), $3) from charged`,
    values: [
      platformId,
      chargesJson(items.map(({ row, answer }) => ({ charge: row, answer }))),
      items.length,
    ],
  }),
};
