import type { FieldError } from '../kernel/error.ts';
import { LIMITS } from './limits.ts';
import { recordOf } from './record.ts';

/** What the validator says: a keyword of JSON Schema that a value does not meet. */
export interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Where the value came from, as it stands before its pointer. A body needs no word. */
const PLACES: Readonly<Record<string, string>> = {
  body: '',
  querystring: 'query',
  query: 'query',
  params: 'path',
  headers: 'header',
};

/**
 * Says for people what is wrong where, and what is allowed there: once for each field. Of a union, only the
 * alternative that the value chose by its `type` is spoken of.
 */
export function fieldErrors(
  errors: readonly SchemaError[],
  { schema, place }: { schema: unknown; place: string },
): FieldError[] {
  const told = withoutTypes(chosen(errors)).flatMap((error) => tell(error, schema));
  return [...Map.groupBy(told, ({ pointer }) => pointer)]
    .slice(0, LIMITS.fieldErrors)
    .map(([pointer, each]) => ({
      pointer: `${PLACES[place] ?? place}${pointer}`,
      // A text may be too long and have something in it that is not allowed.
      detail: [...new Set(each.map(({ detail }) => detail))].join('; '),
    }));
}

/** Whoever is told the values that are allowed need not be told their type. */
function withoutTypes(errors: readonly SchemaError[]): readonly SchemaError[] {
  const listed = new Set(
    errors
      .filter(({ keyword }) => keyword === 'const' || keyword === 'enum')
      .map(({ instancePath }) => instancePath),
  );
  return errors.filter(
    ({ keyword, instancePath }) => keyword !== 'type' || !listed.has(instancePath),
  );
}

function tell(error: SchemaError, schema: unknown): FieldError[] {
  const { keyword, instancePath: at, params } = error;
  // A key that is none is told so where its value stands, as a field that is too many.
  if (keyword === 'propertyNames' || error.schemaPath.endsWith('/propertyNames')) return [];
  const rule = resolve(schema, error.schemaPath);
  switch (keyword) {
    case 'required':
      return texts(params['requiredProperties'])
        .filter((name) => name in propertiesOf(rule))
        .map((name) => ({ pointer: `${at}/${escaped(name)}`, detail: `is required` }));
    case 'boolean': {
      // One for each field that is too many; the keyword of its parent says the same again.
      const parent = resolve(schema, error.schemaPath.replace(/\/additionalProperties$/, ''));
      return [{ pointer: at, detail: notAField(parent) }];
    }
    case 'additionalProperties':
      return texts(params['additionalProperties']).map((name) => ({
        pointer: `${at}/${escaped(name)}`,
        detail: notAField(rule),
      }));
    default:
      return [{ pointer: at, detail: detailOf(error, rule) }];
  }
}

function notAField(rule: unknown): string {
  const allowed = Object.keys(propertiesOf(rule));
  if (allowed.length > 0) return `is not a field here: allowed are ${allowed.join(', ')}`;
  const { 'x-allowed': keys } = recordOf(recordOf(rule)['propertyNames']);
  if (typeof keys === 'string') return `is not allowed here: ${keys}`;
  return 'is not a field here: none is allowed';
}

function detailOf({ keyword, params, message }: SchemaError, rule: unknown): string {
  const limit = String(params['limit']);
  switch (keyword) {
    case 'type':
      return `must be ${typeNames(params['type'])}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'minLength':
      return `must have at least ${counted(limit, 'character')}`;
    case 'maxLength':
      return `must have at most ${counted(limit, 'character')}`;
    case 'minItems':
      return `must have at least ${counted(limit, 'item')}`;
    case 'maxItems':
      return `must have at most ${counted(limit, 'item')}`;
    case 'minProperties':
      return `must have at least ${counted(limit, 'field')}`;
    case 'maxProperties':
      return `must have at most ${counted(limit, 'field')}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'enum':
      return `must be one of ${texts(params['allowedValues']).join(', ')}`;
    case 'pattern':
    case 'format':
      return patternDetail(params, rule);
    default:
      return message;
  }
}

const counted = (limit: string, one: string) => `${limit} ${one}${limit === '1' ? '' : 's'}`;

function patternDetail(params: Readonly<Record<string, unknown>>, rule: unknown): string {
  const { pattern: own, examples, 'x-allowed': allowed } = recordOf(rule);
  const pattern = params['pattern'] ?? own;
  const [first] = texts(examples);
  const example = first === undefined ? '' : `, such as ${first}`;
  if (typeof allowed === 'string') return `must be: ${allowed}${example}`;
  if (typeof pattern === 'string' && pattern.includes('\\p{Cc}')) {
    return 'must not contain control characters or broken Unicode';
  }
  if (typeof params['format'] === 'string') return `must be a valid ${params['format']}${example}`;
  return `must match ${String(pattern)}${example}`;
}

/** Of each union, keeps the errors of the alternative that was meant. */
function chosen(errors: readonly SchemaError[]): readonly SchemaError[] {
  let kept = errors;
  for (const union of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const inside = `${union.schemaPath}/anyOf/`;
    // Each item of a list breaks the same schema: its errors are those below its own place.
    const isBelow = (path: string) =>
      path === union.instancePath || path.startsWith(`${union.instancePath}/`);
    const within = kept.filter(
      ({ schemaPath, instancePath }) => schemaPath.startsWith(inside) && isBelow(instancePath),
    );
    const others = kept.filter((each) => each !== union && !within.includes(each));
    const branches = Map.groupBy(
      within,
      ({ schemaPath }) => schemaPath.slice(inside.length).split('/')[0],
    );
    const meant = [...branches.values()].filter((branch) => !branch.some(isDiscriminator));
    const [only] = meant;
    kept = [...others, ...(meant.length === 1 && only ? only : [alternatives(union, within)])];
  }
  return kept;

  function isDiscriminator({ keyword, instancePath }: SchemaError): boolean {
    return keyword === 'const' && instancePath.endsWith('/type');
  }
}

/** One error for a union of which no alternative was meant. */
function alternatives(union: SchemaError, within: readonly SchemaError[]): SchemaError {
  const constants = within.filter(({ keyword }) => keyword === 'const');
  const [first] = constants;
  if (!first) return unchosen(union, within);
  const allowedValues = [...new Set(constants.map(({ params }) => params['allowedValue']))];
  return { ...first, keyword: 'enum', params: { allowedValues } };
}

/** A value that does not say which alternative it is: without a `type`, or no object at all. */
function unchosen(union: SchemaError, within: readonly SchemaError[]): SchemaError {
  const lacksType = within.some(
    ({ keyword, params }) =>
      keyword === 'required' && texts(params['requiredProperties']).includes('type'),
  );
  if (lacksType) {
    return { ...union, instancePath: `${union.instancePath}/type`, message: 'is required' };
  }
  const noObject = within.length > 0 && within.every(({ keyword }) => keyword === 'type');
  const message = noObject ? 'must be an object' : 'is none of the forms that are allowed here';
  return { ...union, message };
}

function typeNames(type: unknown): string {
  const article = (name: string) =>
    name === 'null' ? name : /^[aio]/.test(name) ? `an ${name}` : `a ${name}`;
  return texts(Array.isArray(type) ? type : [type])
    .map(article)
    .join(' or ');
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function propertiesOf(rule: unknown): Record<string, unknown> {
  return recordOf(recordOf(rule)['properties']);
}

/** The schema at a path such as `#/properties/amount`. */
function resolve(schema: unknown, path: string): unknown {
  let found = schema;
  for (const step of path.split('/').slice(1)) {
    found = Array.isArray(found)
      ? found[Number(step)]
      : recordOf(found)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return found;
}

const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');
