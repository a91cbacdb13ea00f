import { askedBy, CLOSED, IsoDate, Name, Nullable, type Routes, Type } from '../http/schemas.ts';
import { knownUntil } from './calendar/calendar.ts';
import {
  type CalendarDeps,
  editDay,
  forgetDay,
  importYear,
  listDays,
  readCalendar,
} from './calendar/edit-calendar.ts';
import { calendarDayNotEdited, calendarInvalid } from './errors.ts';

const DayFields = {
  date: IsoDate,
  working: Type.Unsafe<boolean | null>({
    type: ['boolean', 'null'],
    description:
      'null where the calendar knows nothing: it is not guessed from the day of the week',
  }),
  name: Nullable(Type.String()),
  source: Type.Enum(['library', 'imported', 'edited', 'week', 'unknown']),
  nextWorkingDay: Nullable(IsoDate),
};
const Day = Type.Object(DayFields, { title: 'CalendarDay' });
const Stated = { working: Type.Boolean(), name: Type.Optional(Name) };
const Year = Type.String({
  pattern: '^(199[2-9]|20[0-9]{2})$',
  'x-allowed': 'a year, 1992 to 2099',
  examples: ['2027'],
});
const tags = ['rails'];
/** A year has at most so many days. */
const MAX_DAYS = 366;

/** Routes of the working-day calendar. */
export const calendarRoutes: Routes<{ deps: CalendarDeps }> = async (app, { deps }) => {
  await app.register(dayRoutes, { deps });
  app.put(
    '/v1/calendar/years/:year',
    {
      config: { scope: 'accounts:write', problems: [calendarInvalid] },
      schema: {
        operationId: 'importCalendarYear',
        summary: 'State the holidays and make-up days of a year 导入年度日历',
        description:
          'From then on the year is known whole: days that are not listed are as the week says. It replaces what ' +
          'was imported for the year before; days that were edited one by one stay.',
        tags,
        params: Type.Object({ year: Year }),
        body: Type.Object(
          {
            days: Type.Array(Type.Object({ date: IsoDate, ...Stated }, CLOSED), {
              minItems: 1,
              maxItems: MAX_DAYS,
            }),
          },
          CLOSED,
        ),
        response: {
          200: Type.Object({
            year: Type.Integer(),
            days: Type.Integer(),
            knownUntil: Nullable(IsoDate),
          }),
        },
      },
    },
    async (request) => {
      const { platformId, body } = request;
      const year = Number(request.params.year);
      const days = body.days.map(({ name = null, ...day }) => ({ ...day, name }));
      await importYear(askedBy(request, deps), platformId, { year, days });
      const calendar = await readCalendar(deps, platformId);
      return { year, days: days.length, knownUntil: knownUntil(calendar) ?? null };
    },
  );
};

const dayRoutes: Routes<{ deps: CalendarDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/calendar',
    {
      config: { scope: 'read', problems: [calendarInvalid] },
      schema: {
        operationId: 'listCalendarDays',
        summary: 'Working days of China, make-up days included 工作日历（含调休）',
        tags,
        querystring: Type.Object({ from: IsoDate, to: IsoDate }, CLOSED),
        response: {
          200: Type.Object({
            data: Type.Array(Day),
            knownUntil: Nullable(IsoDate),
          }),
        },
      },
    },
    async ({ platformId, query }) => {
      const calendar = await readCalendar(deps, platformId);
      return {
        data: [...listDays(calendar, query)],
        knownUntil: knownUntil(calendar) ?? null,
      };
    },
  );

  app.put(
    '/v1/calendar/days/:date',
    {
      config: { scope: 'accounts:write', problems: [calendarInvalid] },
      schema: {
        operationId: 'editCalendarDay',
        summary: 'State that a day is worked, or is not 修改日历',
        tags,
        params: Type.Object({ date: IsoDate }),
        body: Type.Object(Stated, CLOSED),
        response: { 200: Day },
      },
    },
    async (request) => {
      const { working, name = null } = request.body;
      const { date } = request.params;
      return editDay(askedBy(request, deps), request.platformId, { date, working, name });
    },
  );

  app.delete(
    '/v1/calendar/days/:date',
    {
      config: { scope: 'accounts:write', problems: [calendarDayNotEdited] },
      schema: {
        operationId: 'forgetCalendarDay',
        summary: 'Take back what was stated of a day 撤销修改',
        tags,
        params: Type.Object({ date: IsoDate }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await forgetDay(askedBy(request, deps), request.platformId, request.params.date);
      return reply.code(204).send(null);
    },
  );
};
