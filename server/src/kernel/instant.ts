import { isBusinessDate } from './business-date.ts';

const HOURS_MINUTES = '([01]\\d|2[0-3]):[0-5]\\d';
/** RFC 3339 with an offset, at most milliseconds, as a regular expression. It lets dates pass that do not exist. */
export const INSTANT_PATTERN = `^\\d{4}-\\d{2}-\\d{2}T${HOURS_MINUTES}:[0-5]\\d(\\.\\d{1,3})?(Z|[+-]${HOURS_MINUTES})$`;
/** The rule in words. The runtime's clock has no leap seconds, so they could not be stored. */
export const INSTANT_ALLOWED = 'RFC 3339 with an offset, at most milliseconds, no leap second';

const rule = new RegExp(INSTANT_PATTERN);
const DATE_LENGTH = 'YYYY-MM-DD'.length;

/**
 * Reads an instant. Undefined for a text that is none, one on 30 February among them, which the runtime takes for
 * a day in March.
 */
export function parseInstant(text: string): Date | undefined {
  if (!rule.test(text) || !isBusinessDate(text.slice(0, DATE_LENGTH))) return undefined;
  return new Date(text);
}
