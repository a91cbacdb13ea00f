import type { Originated } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import type { NewUuid } from '../kernel/id.ts';
import type { Random } from '../kernel/random.ts';
import type { LookUpField, Sealer } from '../sealing/index.ts';
import type { VerificationPolicy } from '../verification/index.ts';

/** What the use cases of settlement cards need. */
export interface CardDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly newUuid: NewUuid;
  readonly sealer: Sealer;
  /** The providers of sandbox platforms. */
  readonly verification: VerificationPolicy;
}

/** Which hashes of a platform are compared with each other. */
export const field = (platformId: bigint, name: string): LookUpField => ({
  platformId,
  field: `settlement_card.${name}`,
});
