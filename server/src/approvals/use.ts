import type { Approval } from './approval.ts';
import { approvalUuid, fingerprintOf } from './approval.ts';

/** An approval on its way to be used up, with what is really done. */
export interface ApprovalUse {
  readonly uuid: string;
  readonly fingerprint: string;
}

/** Uses an approval for what is asked now: when that is anything but what was approved, the act is undone. */
export function useOf(
  { id }: Pick<Approval, 'id'>,
  asked: Parameters<typeof fingerprintOf>[0],
): ApprovalUse {
  const uuid = approvalUuid(id);
  if (uuid === undefined) throw new RangeError(`not the id of an approval: ${id}`);
  return { uuid, fingerprint: fingerprintOf(asked).toString('hex') };
}

/**
 * For a document's writer, as a part of its `with`: `used as (… returning 1)`, which uses approvals up in the
 * transaction of what they allow. The platform is `$1`, `usesJson` the parameter with the number that is given.
 * End the statement with `expect_count((select count(*) from used), <how many>)`: an approval that is not
 * approved, is used already or is for something else undoes its submission.
 */
export function usedBy(parameter: number): string {
  return `used as (
    update approval p set state = 'used', settled_at = v.at
      from jsonb_to_recordset($${parameter}::jsonb) as v (uuid uuid, fingerprint text, at timestamptz)
     where p.platform_id = $1 and p.approval_id = v.uuid and p.state = 'approved'
       and p.fingerprint = decode(v.fingerprint, 'hex')
    returning 1)`;
}

/** Uses as JSON, for `usedBy`. */
export function usesJson(uses: readonly (ApprovalUse & { readonly at: Date })[]): string {
  return JSON.stringify(uses);
}
