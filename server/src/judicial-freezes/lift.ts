import { CompiledQuery } from 'kysely';
import { type ApprovalUse, usedBy, usesJson } from '../approvals/index.ts';
import { recordChange, SYSTEM } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import { freezeAccount } from '../ledger/index.ts';
import { writeEvents } from '../outbox/index.ts';
import { judicialFreezeLifted } from './errors.ts';
import { type CourtOrder, freezeTextId, type JudicialFreeze } from './judicial-freeze.ts';
import type { JudicialDeps } from './place.ts';
import { findFreeze, readJudicialFreeze } from './read.ts';
import { sumStanding, updateLifted } from './store.ts';

/** Which freeze is lifted, `jfz_…`, and by which order. */
export interface LiftInput extends CourtOrder {
  readonly judicialFreeze: string;
}

/**
 * Lifts a freeze by the order that says so, in one commit with the approval that allows it. Throws AppError:
 * `judicial_freeze_not_found`, `judicial_freeze_lifted`.
 */
export async function lift(
  deps: JudicialDeps,
  platformId: bigint,
  input: LiftInput & { readonly requestId: string; readonly use?: ApprovalUse | undefined },
): Promise<JudicialFreeze> {
  const { db, clock, origin } = deps;
  const { judicialFreeze: id, authority, orderNumber, reason, requestId, use } = input;
  const { uuid, accountId } = await findFreeze(db, platformId, id);
  await freezeAccount(db, platformId, accountId, async (tx) => {
    const at = clock.now();
    const by = (origin ?? SYSTEM).name;
    const content = { authority, orderNumber, reason };
    const isLifted = await updateLifted(tx, platformId, uuid, { ...content, at, by, requestId });
    if (!isLifted) throw new AppError(judicialFreezeLifted, { judicialFreeze: id });
    if (use) {
      const text = `with ${usedBy(2)} select expect_count((select count(*) from used), 1)`;
      await tx.executeQuery(CompiledQuery.raw(text, [platformId, usesJson([{ ...use, at }])]));
    }
    const [type, objectId] = ['judicial_freeze.lifted' as const, freezeTextId(uuid)];
    await recordChange(tx, platformId, {
      ...{ origin, at, action: type },
      object: { type: 'judicial_freeze', id: objectId },
      before: { state: 'standing' },
      after: { state: 'lifted', ...content },
    });
    await writeEvents(tx, platformId, [{ type, objectId, data: {}, createdAt: at }]);
    return sumStanding(tx, platformId, accountId);
  });
  return readJudicialFreeze(deps, platformId, id);
}
