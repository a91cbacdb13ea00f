/** A try of the last day that has to do with the one that is asked for. */
export interface PastAttempt {
  readonly startedAt: Date;
  /** Null while it runs: it counts as failed until it is known better. */
  readonly verdict: string | null;
  readonly memberId: string;
  /** Of the card, as hex. */
  readonly card: string;
  readonly isMember: boolean;
  readonly isCard: boolean;
  readonly isIdentity: boolean;
}

/** Who has to wait, and until when. */
export interface Wait {
  readonly limitedBy: 'card' | 'member' | 'identity';
  readonly retryAt: Date;
}

const HOUR_MS = 3_600_000;
/** So long tries are looked back on. */
export const WINDOW_MS = 24 * HOUR_MS;
/** So long it is locked after the last of too many failures in a row; a verified try ends the row. */
const COOL_OFF_MS = 12 * HOUR_MS;

/** Banks lock a card after three failures; we stop before the try that would prolong the lock. */
const RULES = {
  card: { failures: 3, tries: 6, others: 3 },
  identity: { failures: 5, tries: 10, others: Number.POSITIVE_INFINITY },
  member: { failures: 5, tries: 10, others: 5 },
} as const;

/**
 * Whether another try is to wait: for too many failures in a row, too many tries in 24 hours, too many cards of one
 * member or members of one card. The longest wait; undefined when it may go on. Attempts: newest first.
 */
export function waitOf(
  attempts: readonly PastAttempt[],
  { memberId, card, now }: { memberId: string; card: string; now: Date },
): Wait | undefined {
  const recent = attempts.filter(
    ({ startedAt }) => now.getTime() - startedAt.getTime() < WINDOW_MS,
  );
  const waits = [
    waitFor(
      'card',
      recent.filter((each) => each.isCard),
      others(recent, 'card', memberId),
    ),
    waitFor(
      'identity',
      recent.filter((each) => each.isIdentity),
      [],
    ),
    waitFor(
      'member',
      recent.filter((each) => each.isMember),
      others(recent, 'member', card),
    ),
  ].filter((wait) => wait !== undefined && wait.retryAt > now);
  return waits.sort((a, b) => Number(b?.retryAt) - Number(a?.retryAt))[0];
}

function waitFor(
  limitedBy: Wait['limitedBy'],
  attempts: readonly PastAttempt[],
  strangers: readonly Date[],
): Wait | undefined {
  const rule = RULES[limitedBy];
  const until: number[] = [];
  const row = attempts.findIndex(({ verdict }) => verdict === 'verified');
  const failed = attempts
    .slice(0, row < 0 ? undefined : row)
    .filter(({ verdict }) => verdict !== 'undecided');
  const [last] = failed;
  if (last && failed.length >= rule.failures) until.push(last.startedAt.getTime() + COOL_OFF_MS);
  const first = attempts[rule.tries - 1];
  if (first) until.push(first.startedAt.getTime() + WINDOW_MS);
  const stranger = strangers[rule.others - 1];
  if (stranger) until.push(stranger.getTime() + WINDOW_MS);
  return until.length === 0 ? undefined : { limitedBy, retryAt: new Date(Math.max(...until)) };
}

/** When others were last tried: of a card other members, of a member other cards. Newest first. */
function others(
  attempts: readonly PastAttempt[],
  limitedBy: 'card' | 'member',
  own: string,
): readonly Date[] {
  const last = new Map<string, Date>();
  for (const attempt of attempts) {
    if (!(limitedBy === 'card' ? attempt.isCard : attempt.isMember)) continue;
    const other = limitedBy === 'card' ? attempt.memberId : attempt.card;
    if (other !== own && !last.has(other)) last.set(other, attempt.startedAt);
  }
  return [...last.values()];
}
