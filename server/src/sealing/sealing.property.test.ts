// Goal: a sealed text opens where it was sealed and nowhere else, and nobody without the key makes or finds one.
// Method: any text, any place, any single change; keys that come and go.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusal } from '../../test/support/fixtures.ts';
import { systemRandom } from '../kernel/random.ts';
import { openSealer, parseKeys, type SealPlace } from './index.ts';
import { newKey } from './key-ring.ts';

const [oldKey, recentKey, foreignKey] = [1, 2, 3].map(() => newKey(systemRandom));
const sealerOn = (...keys: (string | undefined)[]) =>
  openSealer({ keys: parseKeys(keys.join(',')), random: systemRandom });
const before = sealerOn(oldKey);
const after = sealerOn(recentKey, oldKey);

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const place = fc.record<SealPlace>({
  platformId: fc.bigInt(1n, 3n),
  table: fc.constantFrom('member', 'card'),
  column: fc.constantFrom('name', 'mobile', 'name,mobile'),
  row: fc.constantFrom('1', '2', '1,2', '1","2'),
});
const same = (a: SealPlace, b: SealPlace) =>
  a.platformId === b.platformId && a.table === b.table && a.column === b.column && a.row === b.row;

test('what was sealed is opened as it was, in its place alone', () => {
  fc.assert(
    fc.property(text, place, place, (value, home, elsewhere) => {
      const sealed = before.seal(value, home);
      expect(before.open(sealed, home)).toBe(value);
      expect(sealed).not.toBe(before.seal(value, home));
      if (!same(home, elsewhere))
        expect(() => before.open(sealed, elsewhere)).toThrow('seal_broken');
    }),
  );
});

test('a text with one character changed, taken away or added does not open', () => {
  fc.assert(
    fc.property(
      text,
      place,
      fc.nat(),
      fc.constantFrom('A', '_', '', 'AA'),
      (value, home, at, by) => {
        const sealed = before.seal(value, home);
        const i = at % sealed.length;
        const changed = sealed.slice(0, i) + by + sealed.slice(i + 1);
        if (changed === sealed) return;
        expect(() => before.open(changed, home)).toThrow(/seal_broken|seal_key_missing/);
      },
    ),
  );
});

test('after a change of keys the old texts open and are found, the new ones have the new key', () => {
  const field = { platformId: 1n, field: 'member.mobile' };
  fc.assert(
    fc.property(text, place, (value, home) => {
      expect(after.open(before.seal(value, home), home)).toBe(value);
      expect(after.lookUpHashes(value, field)).toContainEqual(before.lookUpHash(value, field));
      const sealed = after.seal(value, home);
      expect(sealed.startsWith(after.currentPrefix())).toBe(true);
      expect(sealed.startsWith(before.currentPrefix())).toBe(false);
      expect(() => before.open(sealed, home)).toThrow('seal_key_missing');
      expect(before.lookUpHashes(value, field)).not.toContainEqual(after.lookUpHash(value, field));
    }),
  );
});

test('hashes are alike for one text of one field and platform, and for no other', () => {
  const field = fc.record({
    platformId: fc.bigInt(1n, 3n),
    field: fc.constantFrom('member.mobile', 'member.name'),
  });
  const one = fc.tuple(fc.constantFrom('1', '2', '","1'), field);
  const key = ([value, { platformId, field: name }]: [
    string,
    { platformId: bigint; field: string },
  ]) => JSON.stringify([value, String(platformId), name]);
  fc.assert(
    fc.property(one, one, (a, b) => {
      const equal = before.lookUpHash(...a).equals(before.lookUpHash(...b));
      expect(equal).toBe(key(a) === key(b));
    }),
  );
});

test('another key, no key at all, and what is no sealed text are told apart', () => {
  const home = { platformId: 1n, table: 'member', column: 'name', row: '1' };
  const sealed = before.seal('张三', home);
  const id = oldKey?.split(':')[0];
  expect(thrownBy(() => sealerOn(foreignKey).open(sealed, home))).toEqual(
    refusal('seal_key_missing', { keyId: id }),
  );
  const without = openSealer({ keys: undefined, random: systemRandom });
  expect(thrownBy(() => without.seal('张三', home))).toEqual(
    refusal('seal_key_missing', { keyId: null }),
  );
  expect(thrownBy(() => before.open('张三', home))).toEqual(
    refusal('seal_broken', { table: 'member', column: 'name', row: '1' }),
  );
  // The same name with other bytes: a key that was replaced and not added.
  const impostor = sealerOn(`${id}:${foreignKey?.split(':')[1]}`);
  expect(thrownBy(() => impostor.open(sealed, home))).toEqual(refusal('seal_broken'));
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
