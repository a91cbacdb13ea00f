import {
  type Approval,
  approvalNotGranted,
  approvalTier,
  carryOut,
  findApproval,
  readApproval,
  requestApproval,
  useOf,
} from '../approvals/index.ts';
import { AppError } from '../kernel/error.ts';
import { MAX_BALANCE, refusalErrors } from '../ledger/index.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import { judicialFreezeLifted } from './errors.ts';
import type { JudicialFreeze } from './judicial-freeze.ts';
import { type LiftInput, lift } from './lift.ts';
import type { JudicialDeps } from './place.ts';
import { findFreeze, readJudicialFreeze } from './read.ts';

const action = 'judicial_lift';

/** A freeze that was lifted, or the approval that lifting it waits for. */
export type AskedLift =
  | { readonly freeze: JudicialFreeze; readonly repeated: boolean }
  | { readonly freeze?: undefined; readonly approval: Approval; readonly repeated: boolean };

type Asked = LiftInput & { readonly requestId: string };

/**
 * Lifts a judicial freeze (解除司法冻结) by the order that says so. Where the platform has a rule by which others must
 * agree, it waits for them: a whole account counts as the highest amount there is.
 *
 * Throws AppError: `judicial_freeze_not_found`, `judicial_freeze_lifted`, `request_id_reused`,
 * `approval_not_granted`.
 */
export async function askToLift(
  deps: JudicialDeps,
  platformId: bigint,
  input: Asked,
): Promise<AskedLift> {
  const known = await findApproval(deps, platformId, input.requestId);
  if (known) return goOn(deps, platformId, { approval: known, input });
  const done = await liftedBefore(deps, platformId, input);
  if (done) return { freeze: done, repeated: true };
  const request = await askedFor(deps, platformId, input);
  const tier = await approvalTier(deps, platformId, request);
  if (!tier) return { freeze: await lift(deps, platformId, input), repeated: false };
  const { requestId } = input;
  const asked = await requestApproval(deps, platformId, { ...request, requestId, tier });
  if (!asked.repeated) return asked;
  return goOn(deps, platformId, { approval: asked.approval, input });
}

/** Does what was approved, once. Throws AppError: `judicial_freeze_lifted`. */
export async function carryOutLift(
  deps: JudicialDeps,
  platformId: bigint,
  approval: Approval,
): Promise<JudicialFreeze> {
  const { content, requestId } = approval;
  const input = {
    ...{ judicialFreeze: `${content['judicialFreeze']}`, authority: `${content['authority']}` },
    ...{ orderNumber: `${content['orderNumber']}`, reason: `${content['reason']}`, requestId },
  };
  const done = await liftedBefore(deps, platformId, input);
  if (done) return done;
  const use = useOf(approval, await askedFor(deps, platformId, input));
  return lift(deps, platformId, { ...input, use });
}

/** What the same request has lifted before. Throws AppError when another one has, or when it asked something else. */
async function liftedBefore(
  deps: JudicialDeps,
  platformId: bigint,
  { judicialFreeze, authority, orderNumber, reason, requestId }: Asked,
): Promise<JudicialFreeze | undefined> {
  const { lift: done } = await findFreeze(deps.db, platformId, judicialFreeze);
  if (!done) return undefined;
  if (done.requestId !== requestId) throw new AppError(judicialFreezeLifted, { judicialFreeze });
  const isSame =
    done.authority === authority && done.orderNumber === orderNumber && done.reason === reason;
  if (!isSame) throw new AppError(refusalErrors.request_id_reused, {});
  return readJudicialFreeze(deps, platformId, judicialFreeze);
}

/** What the checkers agree to: this freeze, lifted by this order. */
async function askedFor({ db }: JudicialDeps, platformId: bigint, input: LiftInput) {
  const { judicialFreeze, authority, orderNumber, reason } = input;
  const { accountId, amount } = await findFreeze(db, platformId, judicialFreeze);
  const account = (await accountsById(db, platformId, [accountId])).get(accountId);
  const content = {
    ...{ judicialFreeze, account: account?.number ?? '' },
    ...{ authority, orderNumber, reason },
  };
  const currency: string = account?.currency ?? '';
  return { action, amount: amount ?? MAX_BALANCE, currency, content } as const;
}

async function goOn(
  deps: JudicialDeps,
  platformId: bigint,
  { approval: found, input }: { approval: Approval; input: Asked },
): Promise<AskedLift> {
  const { content } = found;
  const fields = ['judicialFreeze', 'authority', 'orderNumber', 'reason'] as const;
  const isSame = found.action === action && fields.every((name) => content[name] === input[name]);
  if (!isSame) throw new AppError(refusalErrors.request_id_reused, {});
  if (found.state === 'approved') {
    // Approved, and the process that was to carry it out has not done so yet.
    await carryOut(deps, platformId, {
      approval: found,
      act: (_, platform, each) => carryOutLift(deps, platform, each),
    });
  }
  const approval = await readApproval(deps, platformId, found.id);
  const { id, state, failure } = approval;
  if (state === 'pending') return { approval, repeated: true };
  if (state === 'used') {
    const freeze = await readJudicialFreeze(deps, platformId, input.judicialFreeze);
    return { freeze, repeated: true };
  }
  const why = failure === null ? {} : { failure };
  throw new AppError(approvalNotGranted, { approval: id, state, ...why });
}
