import { BalanceOut, CurrencyCode, Id, InstantOut, Nullable, Type } from '../http/schemas.ts';
import { APPROVABLE, APPROVAL_STATES, type Approval as ApprovalRead } from './approval.ts';

/** The actions that may need approval. */
export const Action = Type.Enum([...APPROVABLE]);
/** The states of an approval. */
export const State = Type.Enum([...APPROVAL_STATES]);
/** An approval as other modules' routes answer it too. */
export const Approval = Type.Object(
  {
    id: Id('apr'),
    action: Action,
    state: State,
    amount: BalanceOut,
    currency: CurrencyCode,
    content: Type.Unsafe<Readonly<Record<string, unknown>>>(
      Type.Object({}, { additionalProperties: true, description: 'What is asked, exactly' }),
    ),
    fingerprint: Type.String({
      description: 'SHA-256 over action, amount, currency and content, as hex',
    }),
    maker: Type.String({ description: 'Who asked' }),
    checkers: Type.Integer({ description: 'How many must approve' }),
    decisions: Type.Array(
      Type.Object({
        checker: Type.String(),
        verdict: Type.Enum(['approved', 'rejected']),
        reason: Type.String(),
        decidedAt: InstantOut,
      }),
    ),
    createdAt: InstantOut,
    expiresAt: InstantOut,
    settledAt: Nullable(InstantOut),
    failure: Nullable(
      Type.String({ description: 'The code of the error for which it could not be done' }),
    ),
  },
  { title: 'Approval' },
);

/** An approval as its schema wants it. */
export const approvalBody = ({ requestId: _, ...approval }: ApprovalRead) => ({
  ...approval,
  decisions: [...approval.decisions],
});
