import type { Outcome } from './outcome.ts';

/** Answers of UnionPay's verification (ACP, respCode). */
const UNIONPAY: Readonly<Record<string, Outcome>> = {
  ...{ '00': 'match', '61': 'card_invalid', '63': 'card_status', '65': 'mismatch' },
  ...{ '66': 'mismatch', '67': 'card_status', '73': 'card_status' },
  ...{ '72': 'not_enrolled', '76': 'not_enrolled', '77': 'not_enrolled' },
  ...{ '62': 'unsupported', '68': 'unsupported', '78': 'unsupported' },
  ...{ '38': 'limited', '06': 'unavailable', '37': 'unavailable', '39': 'unavailable' },
  ...{ '01': 'unavailable', '02': 'unavailable', '03': 'unavailable', '04': 'unavailable' },
  ...{ '05': 'unavailable', '83': 'unavailable' },
};

/** Answers of NetsUnion's signing (101, BizStsCd or SysRtnCd): the bank names the factor. */
const NETSUNION: Readonly<Record<string, Outcome>> = {
  '00000000': 'match',
  ...{ PB511013: 'mismatch_mobile', PB511017: 'mismatch_name' },
  ...{ PB511019: 'mismatch_identity', PB511021: 'mismatch_identity' },
  ...{ PB511014: 'no_mobile', PB511015: 'no_mobile' },
  ...{ PB511002: 'card_invalid', PB511022: 'unsupported' },
  ...{ PB511005: 'card_status', PB511006: 'card_status' },
  ...{ PB511008: 'card_status', PB511010: 'card_status' },
  ...{ PB511025: 'limited', PB511026: 'limited', ES000033: 'unavailable' },
};

const TABLES = { unionpay: UNIONPAY, netsunion: NETSUNION } as const;

/** What a code says. One that is in no table is nonsense, and never a mismatch. */
export function outcomeOf(dialect: keyof typeof TABLES, code: string): Outcome {
  const table = TABLES[dialect];
  return Object.hasOwn(table, code) ? (table[code] ?? 'nonsense') : 'nonsense';
}
