import type { BusinessDate } from '../kernel/business-date.ts';
import type { FieldError } from '../kernel/error.ts';
import { maskEnds, maskName } from '../sealing/index.ts';
import { parseCreditCode } from './credit-code.ts';
import { parseIdentityNumber } from './identity-number.ts';
import type { MemberKind } from './member.ts';
import { parseMobile } from './mobile.ts';

/** What identifies a member, open: for the server's own use, never for an answer or a log. */
export interface Identity {
  /** As the identity card or the licence has it. */
  readonly legalName: string;
  /** 公民身份号码: of the person, or of who runs the sole trader's business. */
  readonly identityNumber: string | null;
  /** 统一社会信用代码: of the company or the sole trader. */
  readonly creditCode: string | null;
  readonly mobile: string | null;
}

/** Columns of the numbers by which a member is found. */
export type SearchField = 'identity_number' | 'credit_code' | 'mobile';

/** The same as it is answered: enough to recognise it, not enough to use it. */
export interface MaskedIdentity extends Identity {
  readonly updatedAt: Date;
}

/** What a caller says of an identity. */
export interface IdentityInput {
  readonly legalName: string;
  readonly identityNumber?: string | undefined;
  readonly creditCode?: string | undefined;
  readonly mobile?: string | undefined;
}

const MAY_HAVE = {
  person: { identityNumber: 'must', creditCode: 'never' },
  sole_trader: { identityNumber: 'must', creditCode: 'must' },
  company: { identityNumber: 'never', creditCode: 'must' },
  platform: { identityNumber: 'never', creditCode: 'must' },
} as const satisfies Record<MemberKind, Record<'identityNumber' | 'creditCode', 'must' | 'never'>>;

const DETAILS = {
  identityNumber:
    'must be an identity number of 18 characters with a right date of birth and check (GB 11643)',
  creditCode: 'must be a unified social credit code of 18 characters with a right check (GB 32100)',
  mobile: 'must be a mobile number of mainland China, 11 digits',
} as const;

/** The identity in its one form, or what is wrong with it. Pure; no error repeats what was given. */
export function parseIdentity(
  input: IdentityInput,
  { kind, today }: { kind: MemberKind; today: BusinessDate },
): { identity: Identity } | { errors: readonly FieldError[] } {
  const errors: FieldError[] = [];
  const wrong = (field: keyof typeof DETAILS, detail: string): null => {
    errors.push({ pointer: `/${field}`, detail });
    return null;
  };
  const byKind = (
    field: 'identityNumber' | 'creditCode',
    parse: (text: string) => string | undefined,
  ): string | null => {
    const text = input[field];
    const must = MAY_HAVE[kind][field] === 'must';
    if (text === undefined) return must ? wrong(field, `is needed of a ${wordOf(kind)}`) : null;
    if (!must) return wrong(field, `is not for a ${wordOf(kind)}`);
    return parse(text) ?? wrong(field, DETAILS[field]);
  };
  const { mobile } = input;
  const identity = {
    legalName: input.legalName.trim(),
    identityNumber: byKind('identityNumber', (text) => parseIdentityNumber(text, today)),
    creditCode: byKind('creditCode', parseCreditCode),
    mobile: mobile === undefined ? null : (parseMobile(mobile) ?? wrong('mobile', DETAILS.mobile)),
  };
  return errors.length > 0 ? { errors } : { identity };
}

/** Hides what identifies a person. The name of a company is public, and shown. */
export function maskIdentity(identity: Identity, kind: MemberKind): Identity {
  const { legalName, identityNumber, creditCode, mobile } = identity;
  const isPerson = kind === 'person' || kind === 'sole_trader';
  return {
    legalName: isPerson ? maskName(legalName) : legalName,
    identityNumber: identityNumber && maskEnds(identityNumber, { first: 3, last: 4 }),
    creditCode: creditCode && maskEnds(creditCode, { first: 4, last: 4 }),
    mobile: mobile && maskEnds(mobile, { first: 3, last: 4 }),
  };
}

const wordOf = (kind: MemberKind) => kind.replace('_', ' ');
