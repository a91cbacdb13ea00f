import { dateInZone } from '../kernel/business-date.ts';
import { AppError } from '../kernel/error.ts';
import { parseCreditCode } from './credit-code.ts';
import { memberIdentityInvalid } from './errors.ts';
import type { IdentityDeps } from './identify-member.ts';
import { parseIdentityNumber } from './identity-number.ts';
import { selectMembersBy } from './identity-store.ts';
import type { Member } from './member.ts';
import { parseMobile } from './mobile.ts';
import { selectMember } from './store.ts';

/** More members than these with one number are not told. */
const MAX_FOUND = 100;

/**
 * The members that have this identity number, credit code or mobile: exactly one of the three is given. A number
 * that cannot be one is refused rather than not found. Throws AppError: `member_identity_invalid`.
 */
export async function searchMembers(
  deps: IdentityDeps,
  platformId: bigint,
  wanted: {
    identityNumber?: string | undefined;
    creditCode?: string | undefined;
    mobile?: string | undefined;
  },
): Promise<readonly Member[]> {
  const { identityNumber, creditCode, mobile } = wanted;
  const today = dateInZone(deps.clock.now(), 'Asia/Shanghai');
  const given = [
    {
      ...({ field: 'identity_number', pointer: '/identityNumber' } as const),
      ...{ text: identityNumber, parse: (text: string) => parseIdentityNumber(text, today) },
    },
    {
      ...({ field: 'credit_code', pointer: '/creditCode' } as const),
      ...{ text: creditCode, parse: parseCreditCode },
    },
    { ...({ field: 'mobile', pointer: '/mobile' } as const), text: mobile, parse: parseMobile },
  ].filter(({ text }) => text !== undefined);
  const [only, ...others] = given;
  if (only?.text === undefined || others.length > 0)
    throw refused('', 'must have one of identityNumber, creditCode and mobile');
  const text = only.parse(only.text);
  if (text === undefined)
    throw refused(only.pointer, 'is no such number: its form or its check is wrong');
  const { field } = only;
  const uuids = await selectMembersBy(deps, platformId, { field, text, limit: MAX_FOUND });
  const found: Member[] = [];
  for (const uuid of uuids) {
    const member = await selectMember(deps.db, platformId, uuid);
    if (member) found.push(member);
  }
  return found;
}

function refused(pointer: string, detail: string): AppError {
  return new AppError(memberIdentityInvalid, { errors: [{ pointer, detail }] });
}
