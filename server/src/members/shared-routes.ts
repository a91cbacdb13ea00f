import { Id, InstantOut, MetadataOut, Nullable, Type } from '../http/schemas.ts';
import { MEMBER_KINDS } from './member.ts';
import { MEMBER_STATUSES } from './member-status.ts';

/** A member, as it is answered. */
export const Member = Type.Object(
  {
    id: Id('mem'),
    kind: Type.Enum([...MEMBER_KINDS]),
    name: Type.String(),
    status: Type.Enum([...MEMBER_STATUSES]),
    reference: Nullable(Type.String()),
    metadata: MetadataOut,
    createdAt: InstantOut,
  },
  { title: 'Member' },
);
