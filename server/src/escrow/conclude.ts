import { AppError } from '../kernel/error.ts';
import { type Acted, act, type EscrowDeps, type Mode } from './act.ts';
import { releaseOf } from './confirm.ts';
import { escrowRestUndecided } from './errors.ts';
import { remainingOf } from './order.ts';
import { returnOf } from './refund.ts';

const NOTHING = { moves: [], movements: [] };

/** What is asked about an order, and why. */
export interface DisputeInput {
  /** `eso_…` */
  readonly escrowOrder: string;
  readonly reason?: string | undefined;
}

/**
 * Stops releases and the deadline of an order; refunds may go on. Throws AppError: `request_id_reused`,
 * `escrow_order_not_found`, `escrow_state_refuses`.
 */
export function disputeOrder(
  deps: EscrowDeps,
  platformId: bigint,
  input: DisputeInput,
  mode: Mode,
): Promise<Acted> {
  const asked = { ...input, event: 'dispute', mode, content: '', decide: () => NOTHING } as const;
  return act(deps, platformId, asked);
}

/**
 * Ends a dispute: what remains may be released again, and the deadline is later by as long as the dispute took.
 * Throws AppError like `disputeOrder`.
 */
export function resolveDispute(
  deps: EscrowDeps,
  platformId: bigint,
  input: DisputeInput,
  mode: Mode,
): Promise<Acted> {
  const asked = { ...input, event: 'resolve', mode, content: '', decide: () => NOTHING } as const;
  return act(deps, platformId, asked);
}

/**
 * Finishes an order (完结): what remains is released by its split or refunded, as `rest` says, and from then on
 * nothing moves. Throws AppError: `request_id_reused`, `escrow_order_not_found`, `escrow_state_refuses`,
 * `escrow_rest_undecided`, and what a release may be refused for.
 */
export function finishOrder(
  deps: EscrowDeps,
  platformId: bigint,
  { escrowOrder, rest }: { escrowOrder: string; rest?: 'release' | 'refund' | undefined },
  mode: Mode,
): Promise<Acted> {
  return act(deps, platformId, {
    ...{ escrowOrder, event: 'finish', mode, content: rest ?? '' },
    decide: (order) => {
      const remaining = remainingOf(order);
      if (remaining === 0n) return NOTHING;
      if (rest === 'release') return releaseOf(deps, platformId, order, {});
      if (rest === 'refund') return returnOf(order);
      throw new AppError(escrowRestUndecided, { remaining });
    },
  });
}
