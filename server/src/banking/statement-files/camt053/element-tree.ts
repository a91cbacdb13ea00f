/** The attributes of an element, by name. */
export type Attributes = Readonly<Record<string, string>>;

/** Gives the line of the file that is being read, 1-based. */
export type LineNow = () => number;

/** An element that is looked at. Elements that are not in the tree are passed over with all they contain. */
export interface ElementNode {
  /** The way from the message element, as errors name it: `Stmt/Ntry/Amt`. */
  readonly path: string;
  readonly children: Map<string, ElementNode>;
  /** Hooks are given the line that is being read as a function: few ask. */
  begin: ((attributes: Attributes, line: LineNow) => void) | undefined;
  /** Is given the element's own text, trimmed; set only where the text matters. */
  text: ((text: string, path: string) => void) | undefined;
  end: ((line: LineNow) => void) | undefined;
}

/** What to do at one path. */
export type ElementHooks = Partial<Pick<ElementNode, 'begin' | 'text' | 'end'>>;

function node(path: string): ElementNode {
  const hooks = { begin: undefined, text: undefined, end: undefined };
  return { path, children: new Map(), ...hooks };
}

/** Builds the tree of the paths that are looked at, so that each tag costs one look-up by its name. */
export function elementTree(hooks: Readonly<Record<string, ElementHooks>>): ElementNode {
  const root = node('');
  for (const [path, { begin, text, end }] of Object.entries(hooks)) {
    let at = root;
    for (const name of path.split('/')) {
      let child = at.children.get(name);
      if (!child) {
        child = node(at.path === '' ? name : `${at.path}/${name}`);
        at.children.set(name, child);
      }
      at = child;
    }
    at.begin = begin;
    at.text = text;
    at.end = end;
  }
  return root;
}

/** The same thing to do at several paths: `paths('Acct/Id', ['IBAN', 'Othr/Id'], { text })`. */
export function paths(
  prefix: string,
  suffixes: readonly string[],
  hooks: ElementHooks,
): Record<string, ElementHooks> {
  return Object.fromEntries(suffixes.map((suffix) => [`${prefix}/${suffix}`, hooks]));
}
