// Goal: the diagnosis names the right factor, and says how sure it is. Method: the patterns of a table, then every
// combination of answers there is, against what must hold for all of them.
import { describe, expect, test } from 'vitest';
import { adviceFor, type Diagnosis, whichFactor } from './index.ts';
import { OUTCOMES, type Outcome, UPSTREAMS } from './outcome.ts';
import type { ProviderAnswers } from './which-factor.ts';

type Pattern = readonly [four: Outcome, three?: Outcome, two?: Outcome];
const at = (
  [four, three, two]: Pattern,
  upstream: ProviderAnswers['upstream'],
  provider = upstream,
) => ({ provider, upstream, four, three, two }) as const;
const centre = (...pattern: Pattern) => at(pattern, 'unionpayCentre');
const issuer = (...pattern: Pattern) => at(pattern, 'issuerOnline');
const cache = (...pattern: Pattern) => at(pattern, 'providerCache');
const short = ({ verdict, cause, confidence, staleAt }: Diagnosis) =>
  [verdict, cause, confidence, ...(staleAt === null ? [] : [staleAt])].join(' ');

test.each<[Pattern, string]>([
  [['match'], 'verified none single'],
  [['mismatch', 'match'], 'refused reservedMobile single'],
  [['mismatch', 'mismatch', 'match'], 'refused identityNumber single'],
  [['mismatch', 'mismatch', 'mismatch'], 'refused nameOrCard single'],
  [['mismatch', 'mismatch'], 'refused identityOrName single'],
  [['mismatch', 'mismatch', 'timed_out'], 'refused identityOrName single'],
  [['mismatch'], 'refused someFactor single'],
  [['mismatch', 'unavailable'], 'refused someFactor single'],
  [['mismatch', 'card_status'], 'refused someFactor single'],
  [['mismatch', 'mismatch_name'], 'refused name issuerSaid'],
  [['mismatch_name'], 'refused name issuerSaid'],
  [['mismatch_identity'], 'refused identityNumber issuerSaid'],
  [['mismatch_mobile'], 'refused reservedMobile issuerSaid'],
  [['no_mobile'], 'refused noReservedMobile single'],
  [['card_invalid'], 'refused cardInvalid single'],
  [['card_status'], 'refused cardStatus single'],
  [['not_enrolled'], 'undecided notEnrolled undetermined'],
  [['unsupported'], 'undecided unsupportedBank undetermined'],
  [['limited'], 'undecided limited undetermined'],
  [['timed_out'], 'undecided noAnswer undetermined'],
  [['unavailable'], 'undecided noAnswer undetermined'],
  [['nonsense'], 'undecided noAnswer undetermined'],
])('one provider: %j is %s', (pattern, expected) => {
  expect(short(whichFactor(centre(...pattern)))).toBe(expected);
});

const suspect = centre('mismatch', 'match');
test.each<[string, ProviderAnswers, ProviderAnswers, string]>([
  ['the copy is stale', suspect, issuer('match'), 'verified none single unionpayCentre'],
  ['named', suspect, issuer('mismatch_mobile'), 'refused reservedMobile issuerSaid'],
  ['confirmed', suspect, issuer('mismatch', 'match'), 'refused reservedMobile confirmed'],
  ['not confirmed', suspect, issuer('timed_out'), 'refused reservedMobile single'],
  ['not covered', suspect, issuer('unsupported'), 'refused reservedMobile single'],
  ['limited', suspect, issuer('limited'), 'refused reservedMobile single'],
  ['vague', suspect, issuer('mismatch'), 'refused reservedMobile single'],
  [
    'the bank wins over a copy',
    issuer('mismatch_mobile'),
    cache('match'),
    'refused reservedMobile issuerSaid providerCache',
  ],
  [
    'a match from a copy',
    cache('match'),
    issuer('mismatch_name'),
    'refused name issuerSaid providerCache',
  ],
  [
    'one upstream, two words',
    suspect,
    at(['match'], 'unionpayCentre', 'unionpayCentre'),
    'undecided providersDisagree undetermined',
  ],
  [
    'resellers of one upstream confirm nothing',
    suspect,
    centre('mismatch', 'match'),
    'refused reservedMobile single',
  ],
  ['the first is down', centre('unavailable'), issuer('match'), 'verified none single'],
  ['both are', centre('timed_out'), issuer('unavailable'), 'undecided noAnswer undetermined'],
  ['wait is said', centre('unsupported'), issuer('limited'), 'undecided limited undetermined'],
  ['the fresher of two factors', suspect, issuer('card_status'), 'refused cardStatus single'],
])('two providers: %s', (_, first, second, expected) => {
  expect(short(whichFactor(first, second))).toBe(expected);
});

describe('any answers at all', () => {
  const fewer = [undefined, ...OUTCOMES];
  const patterns = OUTCOMES.flatMap((four) =>
    fewer.flatMap((three) => fewer.map((two) => ({ four, three, two }))),
  );
  const silent = new Set<Outcome>([
    ...(['not_enrolled', 'unsupported', 'limited'] as const),
    ...(['timed_out', 'unavailable', 'nonsense'] as const),
  ]);

  test('verified needs four factors that match; no answer is never a refusal', () => {
    for (const pattern of patterns) {
      const { verdict, confidence, cause } = whichFactor({
        ...{ provider: 'a', upstream: 'unionpayCentre', ...pattern },
      });
      const said = JSON.stringify(pattern);
      expect(verdict === 'verified', said).toBe(pattern.four === 'match');
      expect(verdict === 'undecided', said).toBe(silent.has(pattern.four));
      expect(confidence === 'undetermined', said).toBe(verdict === 'undecided');
      expect(cause === 'none', said).toBe(verdict === 'verified');
    }
  });

  test('of two providers: what nobody matched is not verified, and stale is who disagrees with it', () => {
    for (const first of OUTCOMES)
      for (const three of fewer)
        for (const second of OUTCOMES)
          for (const one of UPSTREAMS)
            for (const other of UPSTREAMS) {
              const said = JSON.stringify({ first, three, second, one, other });
              const found = whichFactor(
                { provider: 'a', upstream: one, four: first, three },
                { provider: 'b', upstream: other, four: second },
              );
              if (found.verdict === 'verified') expect([first, second], said).toContain('match');
              if (silent.has(first) && silent.has(second))
                expect(found.verdict, said).toBe('undecided');
              if (found.staleAt !== null) {
                const stale = found.staleAt === 'a' ? one : other;
                const fresh = found.staleAt === 'a' ? other : one;
                expect(UPSTREAMS.indexOf(stale), said).toBeLessThan(UPSTREAMS.indexOf(fresh));
              }
            }
  });
});

test('each cause has its own sentence in both languages, and an unconfirmed mobile another', () => {
  const sentences = OUTCOMES.map((four) => adviceFor(whichFactor(centre(four))));
  for (const { en, zh } of sentences) {
    expect(en).toMatch(/^[A-Z].*\.$/);
    expect(zh).toMatch(/^[\u4e00-\u9fff].*。$/);
  }
  expect(new Set(sentences.map(({ en }) => en)).size).toBe(OUTCOMES.length - 2);
  expect(adviceFor(whichFactor(suspect)).zh).toContain('三个工作日');
  expect(adviceFor(whichFactor(suspect, issuer('mismatch_mobile'))).zh).not.toContain('三个工作日');
});
