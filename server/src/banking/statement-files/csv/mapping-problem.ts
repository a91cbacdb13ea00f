import type { TObject } from 'typebox';
import { Value } from 'typebox/value';
import { shorten } from '../../errors.ts';

/** What is wrong with a mapping: the field by its path, `columns.bookingDate`, and what may stand there. */
export type MappingProblem = {
  readonly field: string;
  readonly problem: string;
  readonly allowed?: readonly string[];
};

/** The schema of a mapping, and the three forms that its amount may have. */
export interface MappingSchemas {
  readonly whole: TObject;
  readonly signed: TObject;
  readonly unsigned: TObject;
  readonly twoColumns: TObject;
}

const AMOUNT_FORMS = [
  '{ "signed": column }',
  '{ "unsigned": column, "direction": column, "credit": [words], "debit": [words] }',
  '{ "credit": column, "debit": column }',
];

/**
 * Says what is wrong with a mapping that does not fit its schema. A name that is none comes first: a misspelt
 * field is missing too, and only its name tells why.
 */
export function mappingProblem(mapping: unknown, schemas: MappingSchemas): MappingProblem {
  if (!isObject(mapping)) return { field: '', problem: 'must be a JSON object' };
  const { whole } = schemas;
  const columns: unknown = Reflect.get(mapping, 'columns');
  return (
    unknownName(whole, mapping, '') ??
    (isObject(columns)
      ? unknownName(propertyOf(whole, 'columns'), columns, 'columns')
      : undefined) ??
    amountProblem(Reflect.get(mapping, 'amount'), schemas) ??
    firstProblem(whole, mapping, []) ?? { field: '', problem: 'does not fit the schema' }
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownName(schema: unknown, value: object, path: string): MappingProblem | undefined {
  const allowed = Object.keys(propertiesOf(schema));
  const name = Object.keys(value).find((each) => !allowed.includes(each));
  if (name === undefined) return undefined;
  const field = [path, shorten(name)].filter((part) => part !== '').join('.');
  return {
    field,
    problem: `there is no such field in ${path === '' ? 'a mapping' : path}`,
    allowed,
  };
}

/** The form is told by the names in it, so that an error is about the one that was meant. */
function amountProblem(amount: unknown, schemas: MappingSchemas): MappingProblem | undefined {
  const field = 'amount';
  if (amount === undefined) return { field, problem: 'is missing', allowed: AMOUNT_FORMS };
  const names = isObject(amount) ? Object.keys(amount) : [];
  const has = (...some: string[]) => some.some((name) => names.includes(name));
  if (!isObject(amount) || !has('signed', 'unsigned', 'direction', 'credit', 'debit')) {
    return { field, problem: 'has none of its forms', allowed: AMOUNT_FORMS };
  }
  const { signed, unsigned, twoColumns } = schemas;
  const other = has('unsigned', 'direction') ? unsigned : twoColumns;
  const form = has('signed') ? signed : other;
  return unknownName(form, amount, field) ?? firstProblem(form, amount, [field]);
}

function firstProblem(
  schema: TObject,
  value: object,
  path: readonly string[],
): MappingProblem | undefined {
  const [first] = Value.Errors(schema, value);
  if (!first) return undefined;
  const missing =
    'requiredProperties' in first.params ? first.params.requiredProperties[0] : undefined;
  const below = first.instancePath.split('/').slice(1);
  const field = [...path, ...below, ...(missing === undefined ? [] : [missing])].join('.');
  if (missing !== undefined) return { field, problem: 'is missing' };
  const leaf = below.reduce(propertyOf, schema as unknown);
  const allowed = isObject(leaf) ? (Reflect.get(leaf, 'enum') as unknown) : undefined;
  if (Array.isArray(allowed)) {
    return {
      field,
      problem: 'must be one of those that are allowed',
      allowed: allowed.map(String),
    };
  }
  const inWords: unknown = isObject(leaf) ? Reflect.get(leaf, 'x-allowed') : undefined;
  if (typeof inWords === 'string') return { field, problem: `must be ${inWords}` };
  const isColumn = isObject(leaf) && 'anyOf' in leaf;
  if (isColumn) return { field, problem: 'must be the name of a column, or its number, from 1' };
  return { field, problem: first.message };
}

function propertiesOf(schema: unknown): object {
  const properties: unknown = isObject(schema) ? Reflect.get(schema, 'properties') : undefined;
  return isObject(properties) ? properties : {};
}

/** The schema of a property, or of a list's items under any index. */
function propertyOf(schema: unknown, name: string): unknown {
  const items: unknown = isObject(schema) ? Reflect.get(schema, 'items') : undefined;
  return items ?? Reflect.get(propertiesOf(schema), name);
}
