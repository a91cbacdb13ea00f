import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';

// Monday 2026-11-23, 12:00 in Shanghai.
const { clock, http, headers, keyOf } = await testApp();
const call = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
  http.inject({ method, url, headers, ...(payload ? { payload } : {}) });
const quote = async (body: object) =>
  (await call('POST', '/v1/rail-quotes', { amount: 200_000_000, sameBank: false, ...body })).json<
    Record<string, unknown> & { rails: { rail: string; reason: string }[] }
  >();

test('a quote says which rail, when it arrives, and why no other', async () => {
  expect(await quote({})).toEqual({
    ...{ at: '2026-11-23T04:00:00.000Z', outcome: 'now', rail: 'hvps', cost: 0 },
    ...{ sendAt: '2026-11-23T04:00:00.000Z', arrivesBy: '2026-11-23T04:10:00.000Z' },
    rails: [
      expect.objectContaining({ rail: 'intra_bank', reason: 'other_bank', sendAt: null }),
      expect.objectContaining({ rail: 'ibps', reason: 'over_limit', limit: 100_000_000 }),
      expect.objectContaining({
        ...{ rail: 'beps', reason: 'over_limit', sendAt: null },
        text: expect.objectContaining({
          zh: expect.stringContaining('限额') as unknown,
        }) as unknown,
      }),
      expect.objectContaining({ rail: 'hvps', reason: 'chosen', limit: null, version: 0 }),
    ],
  });
  const eve = await quote({ at: '2026-11-27T18:00:00+08:00' });
  expect(eve).toMatchObject({
    ...{ outcome: 'wait', rail: 'hvps', sendAt: '2026-11-29T12:30:00.000Z' },
    arrivesBy: '2026-11-29T12:40:00.000Z',
  });
});

test('a year that nobody stated is told, then imported, then known; an edited day outranks it', async () => {
  const at = '2026-12-31T20:31:00+08:00';
  const unknown = await quote({ at });
  expect(unknown).toMatchObject({ outcome: 'none', rail: null, sendAt: null });
  expect(unknown.rails.at(-1)).toMatchObject({
    ...{ reason: 'calendar_unknown', unknownDay: '2027-01-01' },
  });
  const imported = await call('PUT', '/v1/calendar/years/2027', {
    days: [{ date: '2027-01-01', working: false, name: '元旦' }],
  });
  expect(imported.json()).toEqual({ year: 2027, days: 1, knownUntil: '2027-12-31' });
  expect(await quote({ at })).toMatchObject({ sendAt: '2027-01-03T12:30:00.000Z' });
  const edited = await call('PUT', '/v1/calendar/days/2027-01-02', { working: true });
  expect(edited.json()).toEqual({
    ...{ date: '2027-01-02', working: true, name: null, source: 'edited' },
    nextWorkingDay: '2027-01-04',
  });
  expect(await quote({ at })).toMatchObject({ sendAt: '2027-01-01T12:30:00.000Z' });
  expect((await call('DELETE', '/v1/calendar/days/2027-01-02')).statusCode).toBe(204);
  expect((await call('DELETE', '/v1/calendar/days/2027-01-02')).statusCode).toBe(404);
  expect(await quote({ at })).toMatchObject({ sendAt: '2027-01-03T12:30:00.000Z' });
  const authorization = `Bearer ${await keyOf({ platformId: 2n })}`;
  const other = await http.inject({
    ...{ method: 'GET', url: '/v1/calendar?from=2027-01-01&to=2027-01-01' },
    headers: { authorization },
  });
  expect(other.json()).toMatchObject({
    ...{ knownUntil: '2026-12-31', data: [{ working: null, source: 'unknown' }] },
  });
});

test('a year imported again is replaced', async () => {
  const put = (days: object[]) => call('PUT', '/v1/calendar/years/2028', { days });
  await put([{ date: '2028-01-03', working: false, name: '元旦' }]);
  await put([{ date: '2028-01-08', working: true }]);
  const list = await call('GET', '/v1/calendar?from=2028-01-03&to=2028-01-08');
  const { data } = list.json<{ data: { working: boolean; source: string }[] }>();
  expect(data.map(({ working, source }) => `${working} ${source}`)).toEqual([
    ...Array.from({ length: 5 }, () => 'true week'),
    'true imported',
  ]);
  const twice = [
    { date: '2028-01-08', working: true },
    { date: '2028-01-08', working: true },
    { date: '2027-01-08', working: true },
  ];
  expect((await put(twice)).json()).toMatchObject({
    ...{ status: 400, code: 'calendar_invalid' },
    errors: [{ pointer: '/days/1/date' }, { pointer: '/days/2/date' }],
  });
});

test('holidays and make-up days are listed with their names', async () => {
  const list = await call('GET', '/v1/calendar?from=2026-10-07&to=2026-10-10');
  expect(list.json()).toMatchObject({
    data: [
      { date: '2026-10-07', working: false, name: '国庆节', source: 'library' },
      { date: '2026-10-08', working: true, name: null, source: 'week' },
      { date: '2026-10-09', working: true, nextWorkingDay: '2026-10-10' },
      { date: '2026-10-10', working: true, source: 'library', nextWorkingDay: '2026-10-12' },
    ],
  });
  for (const range of ['from=2026-10-02&to=2026-10-01', 'from=2020-01-01&to=2026-01-01'])
    expect((await call('GET', `/v1/calendar?${range}`)).statusCode).toBe(400);
});

test('terms are changed by a version; what is not named stays', async () => {
  const closures = [{ from: '2026-11-24T00:00:00Z', until: null, reason: '停机' }];
  const changed = await call('PATCH', '/v1/rails/hvps', { validFrom: '2026-11-24', closures });
  expect(changed.statusCode).toBe(201);
  expect(changed.json()).toMatchObject({
    ...{ rail: 'hvps', version: 1, validFrom: '2026-11-24', evidence: null, cap: null },
    hours: { opens: '20:30', opensDayBefore: true, closes: '17:15', marginMinutes: 10 },
    closures: [{ from: '2026-11-24T00:00:00.000Z', until: null }],
  });
  expect((await quote({}))['rail']).toBe('hvps');
  const tomorrow = await quote({ at: '2026-11-24T10:00:00+08:00' });
  expect(tomorrow).toMatchObject({ outcome: 'none', rail: null });
  expect(tomorrow.rails.at(-1)).toMatchObject({ rail: 'hvps', reason: 'maintenance', version: 1 });
  const cost = {
    tiers: {
      mode: 'whole',
      bands: [
        { upTo: 10, fixed: 2 },
        { upTo: null, ratePpm: 20 },
      ],
    },
  };
  await call('PATCH', '/v1/rails/ibps', { cap: 300_000_000, cost });
  expect(await quote({})).toMatchObject({ rail: 'ibps', cost: 4000 });
  const { data } = (await call('GET', '/v1/rails')).json<{ data: { version: number }[] }>();
  expect(data.map(({ version }) => version)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1]);
});

test('terms that cannot be are refused by field', async () => {
  const day = { days: 'every', opens: '09:00', opensDayBefore: false, closes: '09:00' };
  const wrong = {
    ...{ cap: null, holidayCap: 5, hours: { ...day, marginMinutes: 0 } },
    closures: [{ from: clock.now(), until: clock.now(), reason: 'x' }],
    cost: { min: 2, max: 1 },
  };
  const answer = await call('PATCH', '/v1/rails/beps', wrong);
  expect(answer.json()).toMatchObject({
    ...{ status: 400, code: 'rail_invalid' },
    errors: [
      { pointer: '/holidayCap' },
      { pointer: '/hours/closes' },
      { pointer: '/closures/0/until' },
      { pointer: '/cost/max' },
    ],
  });
  const past = await call('PATCH', '/v1/rails/beps', { validFrom: '2026-11-22', enabled: false });
  expect(past.json()).toMatchObject({ errors: [{ pointer: '/validFrom' }] });
});

test('every change says who asked for it', async () => {
  const { data } = (await call('GET', '/v1/audit-log?limit=100')).json<{
    data: { action: string; origin: { kind: string } }[];
  }>();
  const actions = data.filter(({ origin }) => origin.kind === 'apiKey').map(({ action }) => action);
  expect(new Set(actions)).toEqual(
    new Set([
      ...['calendar_year.imported', 'calendar_day.edited', 'calendar_day.forgotten'],
      'rail.changed',
    ]),
  );
});
