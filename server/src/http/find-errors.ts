import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import type { SchemaError } from './field-errors.ts';
import { LIMITS } from './limits.ts';
import { recordOf } from './record.ts';

// Of one item: enough for the alternatives of a union to be told apart; the answer names fewer.
Settings.Set({ maxErrors: 64 });

/** A list among the fields of an object, and how to look at one item of it. */
interface ListField {
  readonly name: string;
  readonly max: number;
  readonly isFine: (item: unknown) => boolean;
  readonly errorsOf: (item: unknown) => readonly SchemaError[];
}

/**
 * Finds what is wrong with a value that does not fit the schema. The library looks for errors in each item of a
 * list, fine or not, which takes a hundred times as long as the check itself: so the lists among the fields of an
 * object are looked at here, only at items that are wrong, and only until the answer is full. A list that is too
 * long is told so, and not looked at.
 */
export function errorFinder(schema: TSchema): (value: unknown) => readonly SchemaError[] {
  const lists = listsOf(schema);
  const outline = Compile(withoutItems(schema, lists));
  return (value) => {
    const found: SchemaError[] = [...outline.Errors(value)];
    for (const list of lists) {
      const items = recordOf(value)[list.name];
      if (Array.isArray(items) && items.length <= list.max) found.push(...errorsIn(items, list));
    }
    return found;
  };
}

function errorsIn(items: readonly unknown[], list: ListField): SchemaError[] {
  const found: SchemaError[] = [];
  let wrong = 0;
  for (const [index, item] of items.entries()) {
    if (list.isFine(item)) continue;
    for (const error of list.errorsOf(item)) {
      const instancePath = `/${list.name}/${index}${error.instancePath}`;
      const schemaPath = error.schemaPath.replace('#', `#/properties/${list.name}/items`);
      found.push({ ...error, instancePath, schemaPath });
    }
    wrong += 1;
    // Each has at least one error to be told.
    if (wrong === LIMITS.fieldErrors) break;
  }
  return found;
}

function listsOf(schema: TSchema): ListField[] {
  return Object.entries(recordOf(recordOf(schema)['properties'])).flatMap(([name, field]) => {
    const { type, items, maxItems } = recordOf(field);
    if (type !== 'array' || items === undefined) return [];
    const item = Compile(recordOf(items));
    return [
      {
        name,
        max: typeof maxItems === 'number' ? maxItems : Number.POSITIVE_INFINITY,
        isFine: (value: unknown) => item.Check(value),
        errorsOf: (value: unknown) => item.Errors(value),
      },
    ];
  });
}

/** The same schema, to which any item of its lists is right. */
function withoutItems(schema: TSchema, lists: readonly ListField[]): TSchema {
  const properties = { ...recordOf(recordOf(schema)['properties']) };
  for (const { name } of lists) properties[name] = { ...recordOf(properties[name]), items: {} };
  return lists.length === 0 ? schema : { ...schema, properties };
}
